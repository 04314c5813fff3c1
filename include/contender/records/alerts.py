"""Alert mails. They are recorded before they are sent, so that none is lost when the mail server is down."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from pydantic import Field
from sqlalchemy import CursorResult, DateTime, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen

AlertState = Literal["pending", "sent", "held", "dropped"]


class Alert(Frozen):
    """A mail to an owner; `pending` until a mail server accepts it.

    A `held` mail waits for working hours; it is `dropped` if its incident recovers before.
    """

    id: str
    kind: Literal["gate", "task", "decision", "approval", "access", "verdict", "held", "incident"]
    about: str = Field(description="dataset, model or file")
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    state: AlertState = "pending"
    last_error: str | None = None
    delivered: tuple[str, ...] = Field(default=(), description="channels that have accepted it")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class AlertRow(Base):
    """subject: dataset, model or file; key: kind; state: as in an alert; leased_until: end of a sender's lease."""

    __tablename__ = "alerts"
    __table_args__ = indexes("alerts", ("state", "at"))

    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Alerts(RecordStore[Alert]):
    """The outbox: pending and sent mails."""

    row, kind = AlertRow, Alert

    def row_of(self, record: Alert) -> AlertRow:
        """Return the database row of a record."""
        return alert_row(record)

    def pending(self) -> list[Alert]:
        """Return the mails that were not sent yet, oldest first."""
        return self._all(select(AlertRow).where(AlertRow.state == "pending").order_by(AlertRow.at))

    def held(self) -> list[str]:
        """Return the ids of the mails that wait for working hours."""
        with Session(self._engine) as session:
            return list(session.scalars(select(AlertRow.id).where(AlertRow.state == "held")))

    def newest_of(self, about: str) -> Alert | None:
        """Return the newest mail about a dataset, model or file, or None."""
        row = AlertRow
        return self._first(select(row).where(row.subject == about).order_by(row.at.desc()))

    def claim(self, alert: Alert, seconds: int) -> bool:
        """Lease a pending mail for some seconds and return whether the caller got it and may send it."""
        now, row = datetime.now(UTC), AlertRow
        free = or_(row.leased_until.is_(None), row.leased_until < now)
        claim = (
            update(row)
            .where(row.id == alert.id, row.state == "pending", free)
            .values(leased_until=now + timedelta(seconds=seconds))
        )
        with Session(self._engine) as session, session.begin():
            return cast("CursorResult[Any]", session.execute(claim)).rowcount == 1

    def settle(self, alert: Alert) -> None:
        """Record the new state of a mail and, if sending failed, the error."""
        with Session(self._engine) as session, session.begin():
            row = session.get_one(AlertRow, alert.id)
            row.state, row.leased_until, row.record = alert.state, None, as_json(alert)


def alert_row(record: Alert) -> AlertRow:
    """Return the database row of a mail."""
    return AlertRow(
        id=record.id,
        subject=record.about,
        key=record.kind,
        run="",
        state=record.state,
        at=record.at,
        record=as_json(record),
    )


def set_state(session: Session, held: Collection[str], state: AlertState) -> None:
    """Set the state of held mails, by id, within a transaction of the caller. Other mails are not changed."""
    for row in session.scalars(select(AlertRow).where(AlertRow.id.in_(held), AlertRow.state == "held")):
        row.state, row.record = state, {**row.record, "state": state}
