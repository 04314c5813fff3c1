"""What people did by hand: who, when, to what, and why. Nothing is ever taken out of this list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from contender.records.identity import identify
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base
from contender.specs.columns import Text
from contender.specs.frozen import Frozen

ActKind = Literal["released", "discarded", "backfilled", "erased", "migrated", "granted", "read"]


class Act(Frozen):
    """One act of a person."""

    id: str
    kind: ActKind
    about: str = Field(description="table, dataset or model")
    key: str = Field(description="days, version or quarantined batch")
    by: Text
    reason: Text
    detail: dict[str, object] = Field(default_factory=dict, description="what exactly was done")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


def act_id(kind: ActKind, about: str, key: str, at: datetime) -> str:
    """Each act is one of its own, even when it repeats another."""
    return identify("act", kind, about, key, at.isoformat())


class ActRow(Base):
    """subject: what it was done to; key: days or version; state: the act's kind."""

    __tablename__ = "acts"


class Acts(RecordStore[Act]):
    """What people did, by what it was done to."""

    row, kind = ActRow, Act

    def add(self, act: Act) -> Act:
        """Keep what a person did."""
        row = ActRow(
            id=act.id, subject=act.about, key=act.key, run="", state=act.kind, at=act.at, record=as_json(act)
        )
        return self._insert(act, row)
