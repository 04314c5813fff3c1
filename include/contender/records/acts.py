"""The audit log of what people did by hand: who, when, to what, and why. Entries are never removed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import String, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from contender.records.identity import identify
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.columns import Text
from contender.specs.frozen import Frozen

ActKind = Literal[
    "released",
    "discarded",
    "backfilled",
    "erased",
    "migrated",
    "granted",
    "read",
    "acknowledged",
    "closed",
    "backed up",
]
INSTALLATION = "installation"  # what an act about all stores is about
SETTLING: tuple[ActKind, ...] = ("released", "discarded")
CORRECTING: tuple[ActKind, ...] = ("backfilled", "released", "erased")


class Act(Frozen):
    """One act of a person."""

    id: str
    kind: ActKind
    about: str = Field(description="table, dataset or model")
    key: str = Field(description="days, version or quarantined batch")
    by: Text
    reason: Text
    detail: dict[str, object] = Field(default_factory=dict, description="what was done, in full")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class ActRow(Base):
    """subject: the object of the act; key: days or version; state: the act's kind; person: who did it."""

    __tablename__ = "acts"
    __table_args__ = indexes(
        "acts", ("subject", "key", "at"), ("subject", "state", "at"), ("state", "at"), ("person", "at")
    )

    person: Mapped[str] = mapped_column(String)


class Acts(RecordStore[Act]):
    """The acts of people, by the object of the act."""

    row, kind = ActRow, Act

    def record(
        self,
        kind: ActKind,
        about: str,
        key: str,
        by: str,
        reason: str,
        detail: dict[str, object] | None = None,
        at: datetime | None = None,
    ) -> Act:
        """Record an act of a person, by default with the current time. A repeated act is recorded again.

        An act that takes a long time is recorded twice, with `state` in its detail: `begun`, then `done`.
        """
        at = at or datetime.now(UTC)
        name = identify("act", kind, about, key, at.isoformat())
        act = Act(id=name, kind=kind, about=about, key=key, by=by, reason=reason, detail=detail or {}, at=at)
        return self.add(act)

    def row_of(self, record: Act) -> ActRow:
        """Return the database row of a record."""
        return act_row(record)

    def newest_of(self, kind: ActKind, about: str, key: str | None = None) -> Act | None:
        """Return the newest act of a kind about a subject, limited to one key if it is given."""
        return self._first(_about(kind, about, key).order_by(ActRow.at.desc()))

    def begun(self, kind: ActKind, about: str, key: str | None = None) -> Act | None:
        """Return the newest act of a kind about a subject if it was begun but not recorded as done."""
        newest = self.newest_of(kind, about, key)
        return newest if newest is not None and newest.detail.get("state") == "begun" else None

    def settlement_of(self, table: str, batch_id: str) -> Act | None:
        """Return the act that released or discarded a quarantined batch, or None if there is none."""
        row = ActRow
        settled = select(row).where(row.subject == table, row.key == batch_id, row.state.in_(SETTLING))
        return self._first(settled.order_by(row.at.desc()))

    def released(self) -> list[Act]:
        """Return all releases from quarantine, newest first."""
        return self._all(select(ActRow).where(ActRow.state == "released").order_by(ActRow.at.desc()))

    def corrections_since(self, at: datetime) -> list[Act]:
        """Return acts after a time that changed published data (backfills, releases, erasures), oldest first."""
        row = ActRow
        correcting = select(row).where(row.state.in_(CORRECTING), row.at > at.astimezone(UTC))
        return self._all(correcting.order_by(row.at))

    def by_people(self, about: str | None = None, person: str | None = None, limit: int = 100) -> list[Act]:
        """Return the newest acts, newest first; optionally only those about one subject or by one person.

        A table `namespace.name` is also found by its name alone.
        """
        row = ActRow
        query = select(row).order_by(row.at.desc()).limit(limit)
        if about is not None:
            query = query.where(or_(row.subject == about, row.subject.endswith(f".{about}", autoescape=True)))
        return self._all(query if person is None else query.where(row.person == person))


def _about(kind: ActKind, about: str, key: str | None) -> Any:
    query = select(ActRow).where(ActRow.subject == about, ActRow.state == kind)
    return query if key is None else query.where(ActRow.key == key)


def act_row(record: Act) -> ActRow:
    """Return the database row of an act."""
    return ActRow(
        id=record.id,
        subject=record.about,
        key=record.key,
        run="",
        state=record.kind,
        at=record.at.astimezone(UTC),
        person=record.by,
        record=as_json(record),
    )
