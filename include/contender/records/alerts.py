"""Alert mails: written down before they are sent, so that a dead mail server loses none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from pydantic import Field
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from contender.records.store import RecordStore, as_json
from contender.records.tables import Base
from contender.specs.frozen import Frozen


class Alert(Frozen):
    """A mail to an owner; `pending` until a server took it."""

    id: str
    kind: Literal["gate", "task", "decision", "approval", "access"]
    about: str = Field(description="the dataset, model or file that it is about")
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    state: Literal["pending", "sent"] = "pending"
    last_error: str | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class AlertRow(Base):
    """subject: what it is about; key: its kind; run: until when somebody is sending it; state: `pending` or `sent`."""

    __tablename__ = "alerts"


class Alerts(RecordStore[Alert]):
    """The outbox: mails that wait, and those that were sent."""

    row, kind = AlertRow, Alert

    def add(self, alert: Alert) -> Alert:
        """Keep a mail that is to be sent."""
        row = AlertRow(
            id=alert.id,
            subject=alert.about,
            key=alert.kind,
            run="",
            state=alert.state,
            at=alert.at,
            record=as_json(alert),
        )
        return self._insert(alert, row)

    def pending(self) -> list[Alert]:
        """Return the mails that no server has taken yet, oldest first."""
        return self._all(select(AlertRow).where(AlertRow.state == "pending").order_by(AlertRow.at))

    def claim(self, alert: Alert, seconds: int) -> bool:
        """Return whether the caller may send a pending mail: no one else may for so long, unless settled."""
        now, row = datetime.now(UTC), AlertRow
        until, passed = ((now + timedelta(seconds=s)).isoformat(timespec="seconds") for s in (seconds, 0))
        claim = (
            update(row).where(row.id == alert.id, row.state == "pending", row.run < passed).values(run=until)
        )
        with Session(self._engine) as session, session.begin():
            return cast("CursorResult[Any]", session.execute(claim)).rowcount == 1

    def settle(self, alert: Alert) -> None:
        """Record what became of a mail: its state and, when it failed, why."""
        with Session(self._engine) as session, session.begin():
            row = session.get_one(AlertRow, alert.id)
            row.state, row.run, row.record = alert.state, "", as_json(alert)
