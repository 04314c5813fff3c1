"""Incidents: one record for everything that fails from one cause, its events, and the mails about it.

An incident, its events and its mails are written in one transaction, so that a crash neither loses a mail nor sends
one twice. Changes of incidents are made one after the other: each sees all unfinished incidents.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from contender.records.acts import Act, act_row
from contender.records.alerts import Alert, alert_row, set_state
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs import Days
from contender.specs.frozen import Frozen

Urgency = Literal["warning", "critical"]
IncidentState = Literal["open", "acknowledged", "recovered", "closed"]
Cause = Literal["gate", "task", "missing", "deadline", "verdict"]
EventKind = Literal[
    "opened", "joined", "escalated", "acknowledged", "reminded", "notified", "recovered", "closed"
]
UNFINISHED: tuple[IncidentState, ...] = ("open", "acknowledged")


class Step(Frozen):
    """What must succeed: a DAG for its days (a dataset's day, or a model's night), or a task without days."""

    dag: str
    days: Days | None = None
    task: str = Field(default="", description="the task that failed; empty if only its output is missing")
    table: str = Field(default="", description="the table of the batch that failed, if one did")

    def same_as(self, other: Step) -> bool:
        """Return whether both are the same DAG and share a day, or are the same task of a DAG without days."""
        if self.dag != other.dag:
            return False
        if self.days is None or other.days is None:
            return self.days is other.days and self.task == other.task
        return self.days.overlaps(other.days)


class Failure(Frozen):
    """A step that failed or whose output is missing."""

    step: Step
    since: datetime | None = Field(description="last failure; None if any output of the step ends it")
    over: bool = False


class Incident(Frozen):
    """Everything that fails from one cause, from the first signal until it has recovered or was closed."""

    id: str
    kind: Cause = Field(description="of the first signal, or of the cause that was found later")
    cause: Step
    what: str = Field(description="what happened, in one line")
    topic: str = Field(default="", description="batch or verdict; another one is news")
    error: str | None = Field(default=None, description="fingerprint of a connection error")
    severity: Urgency
    owners: tuple[str, ...] = Field(description="those who were notified, or will be")
    state: IncidentState = "open"
    failures: tuple[Failure, ...] = ()
    signals: int = 1
    opened: datetime
    changed: datetime = Field(description="time of the newest signal")
    waiting: tuple[str, ...] = Field(default=(), description="ids of mails that wait for working hours")
    notified: bool = Field(default=False, description="whether a mail about it was handed to the outbox")
    reminders: int = 0

    @property
    def unfinished(self) -> bool:
        """Whether it is open or acknowledged."""
        return self.state in UNFINISHED


class IncidentEvent(Frozen):
    """Something that happened to an incident. Its id is that of the signal that caused it."""

    id: str
    incident: str
    kind: EventKind
    what: str
    by: str = Field(default="contender", description="a person, or `contender`")
    dag: str = Field(default="", description="DAG of the step that a signal was about")
    at: datetime


class IncidentChange(Frozen):
    """What one transaction writes: incidents, events, acts, new mails, and held mails that are released or dropped."""

    incidents: tuple[Incident, ...] = ()
    events: tuple[IncidentEvent, ...] = ()
    alerts: tuple[Alert, ...] = ()
    released: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()

    def joined_with(self, other: IncidentChange) -> IncidentChange:
        """Return both changes as one."""
        return IncidentChange(
            **{name: getattr(self, name) + getattr(other, name) for name in type(self).model_fields}
        )


class IncidentRow(Base):
    """subject: DAG of the cause; key: days of the cause; state: as in an incident."""

    __tablename__ = "incidents"
    __table_args__ = indexes("incidents", ("state", "at"))


class IncidentEventRow(Base):
    """subject: incident; key: kind; state: kind."""

    __tablename__ = "incident_events"
    __table_args__ = indexes("incident_events")


Decide = Callable[[Sequence[Incident]], IncidentChange | None]


class Incidents(RecordStore[Incident]):
    """The incidents and their events."""

    row, kind = IncidentRow, Incident

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._is_postgres = engine.dialect.name == "postgresql"

    def row_of(self, record: Incident) -> IncidentRow:
        """Return the database row of a record."""
        days = record.cause.days
        return IncidentRow(
            id=record.id,
            subject=record.cause.dag,
            key="" if days is None else days.key,
            run="",
            state=record.state,
            at=record.opened.astimezone(UTC),
            record=as_json(record),
        )

    def change(self, decide: Decide, signal: str | None = None) -> IncidentChange | None:
        """Pass the unfinished incidents to `decide`, and write what it returns, in one transaction.

        Changes of all processes are made one after the other. Returns None without calling `decide` if `signal` is the
        id of an event that exists: a repeated signal changes nothing. Returns what was written, or None.
        """
        with Session(self._engine) as session, session.begin():
            self._take_turn(session)
            if signal is not None and session.get(IncidentEventRow, signal) is not None:
                return None
            change = decide(_unfinished(session))
            if change is not None:
                self._write(change, session)
            return change

    def unfinished(self) -> list[Incident]:
        """Return the open and acknowledged incidents, oldest first."""
        with Session(self._engine) as session:
            return _unfinished(session)

    def starting_with(self, prefix: str) -> list[Incident]:
        """Return the incidents whose id starts with a prefix, newest first."""
        found = select(IncidentRow).where(IncidentRow.id.startswith(prefix, autoescape=True))
        return self._all(found.order_by(IncidentRow.at.desc()))

    def events(self, incident: str) -> list[IncidentEvent]:
        """Return the events of an incident, oldest first."""
        row = IncidentEventRow
        query = select(row).where(row.subject == incident).order_by(row.at, row.id)
        with Session(self._engine) as session:
            return [IncidentEvent.model_validate(found.record) for found in session.scalars(query)]

    def known(self, signals: Collection[str]) -> set[str]:
        """Return which of these signals have an event already."""
        row = IncidentEventRow
        with Session(self._engine) as session:
            return set(session.scalars(select(row.id).where(row.id.in_(signals))))

    def closed_since(self, at: datetime) -> list[Incident]:
        """Return the incidents that opened after a time and were closed by a person, oldest first."""
        row = IncidentRow
        query = select(row).where(row.state == "closed", row.at > at.astimezone(UTC))
        return self._all(query.order_by(row.at))

    def _take_turn(self, session: Session) -> None:
        """Wait until no other process changes incidents, until the end of the transaction."""
        if self._is_postgres:
            session.execute(text("select pg_advisory_xact_lock(hashtext('contender incidents'))"))
        else:  # SQLite: any write, even of no row, takes the database's only write lock
            session.execute(update(IncidentRow).where(IncidentRow.id == "").values(id=""))

    def _write(self, change: IncidentChange, session: Session) -> None:
        for incident in change.incidents:
            session.merge(self.row_of(incident))
        session.add_all(event_row(event) for event in change.events)
        session.add_all(act_row(act) for act in change.acts)
        session.add_all(alert_row(alert) for alert in change.alerts)
        set_state(session, change.released, "pending")
        set_state(session, change.dropped, "dropped")


def _unfinished(session: Session) -> list[Incident]:
    query = (
        select(IncidentRow).where(IncidentRow.state.in_(UNFINISHED)).order_by(IncidentRow.at, IncidentRow.id)
    )
    return [Incident.model_validate(row.record) for row in session.scalars(query)]


def event_row(event: IncidentEvent) -> IncidentEventRow:
    """Return the database row of an event."""
    return IncidentEventRow(
        id=event.id,
        subject=event.incident,
        key=event.kind,
        run="",
        state=event.kind,
        at=event.at.astimezone(UTC),
        record=as_json(event),
    )
