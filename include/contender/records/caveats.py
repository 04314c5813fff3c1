"""Caveats: what must be said of a version besides its measures."""

from __future__ import annotations

from sqlalchemy import select

from contender.records.identity import identify
from contender.records.models import Caveat, TrainedVersion
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs import Days


def caveat_id(version: TrainedVersion, kind: str, table: str, days: Days, content: str) -> str:
    """Return the id of a caveat: of a version, the same content of the same days is the same caveat."""
    return identify("caveat", version.model, version.version, kind, table, days.key, content)


class CaveatRow(Base):
    """subject: model; key: version; state: the caveat's kind."""

    __tablename__ = "caveats"
    __table_args__ = indexes("caveats", ("subject", "key", "at"))


class Caveats(RecordStore[Caveat]):
    """What must be said of a model's versions."""

    row, kind = CaveatRow, Caveat

    def row_of(self, record: Caveat) -> CaveatRow:
        """Return the row that keeps a record."""
        return CaveatRow(
            id=record.id,
            subject=record.model,
            key=str(record.version),
            run="",
            state=record.kind,
            at=record.at,
            record=as_json(record),
        )

    def of_version(self, model: str, version: int) -> list[Caveat]:
        """Return all caveats of one version, newest first."""
        row = CaveatRow
        of_version = select(row).where(row.subject == model, row.key == str(version))
        return self._all(of_version.order_by(row.at.desc()))
