"""Caveats: notes on a version that its measures do not show."""

from __future__ import annotations

from sqlalchemy import select

from contender.records.identity import identify
from contender.records.models import Caveat, TrainedVersion
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs import Days


def caveat_id(version: TrainedVersion, kind: str, table: str, days: Days, content: str) -> str:
    """Return the id of a caveat: equal for the same content of the same days of one version."""
    return identify("caveat", version.model, version.version, kind, table, days.key, content)


class CaveatRow(Base):
    """subject: model; key: version; state: the caveat's kind."""

    __tablename__ = "caveats"
    __table_args__ = indexes("caveats", ("subject", "key", "at"))


class Caveats(RecordStore[Caveat]):
    """The caveats of models' versions."""

    row, kind = CaveatRow, Caveat

    def row_of(self, record: Caveat) -> CaveatRow:
        """Return the database row of a record."""
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
        """Return all caveats of a version, newest first."""
        row = CaveatRow
        of_version = select(row).where(row.subject == model, row.key == str(version))
        return self._all(of_version.order_by(row.at.desc()))
