"""Caveats: what must be said of a version besides its measures."""

from __future__ import annotations

from contender.records.models import Caveat
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base


class CaveatRow(Base):
    """subject: model; key: version; state: the caveat's kind."""

    __tablename__ = "caveats"


class Caveats(RecordStore[Caveat]):
    """What must be said of a model's versions."""

    row, kind = CaveatRow, Caveat

    def add(self, caveat: Caveat) -> Caveat:
        """Keep a caveat."""
        row = CaveatRow(
            id=caveat.id,
            subject=caveat.model,
            key=str(caveat.version),
            run="",
            state=caveat.kind,
            at=caveat.at,
            record=as_json(caveat),
        )
        return self._insert(caveat, row)

    def of_version(self, model: str, version: int) -> list[Caveat]:
        """Return all caveats of one version, newest first."""
        return [caveat for caveat in self.newest(model, limit=None) if caveat.version == version]
