"""No notification is lost or doubled if a process dies at any step of a transaction or of a delivery, and repeats it.

A state machine raises signals, lets steps recover, lets people settle incidents and sends the outbox, on a real book.
Every action may be killed before its first write, before its commit, or after it, and is then repeated.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import event
from sqlalchemy.orm import Session

from contender.alerting import deliver_pending, raise_signal, review_incidents, settle_incident
from contender.incidents import Signal, WorkingHours, acknowledge, close
from contender.installation import Installation
from contender.records import Alert, Incident, Publication, Step, migrate
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, Days, load_catalog

MONDAY = datetime(2013, 9, 2, tzinfo=UTC)
STEPS = tuple(
    Step(dag=dag, days=Days.one(date(2013, 9, day)))
    for dag in ("ingest__departures", "ingest__weather", "features__flight_delay", "score__flight_delay")
    for day in (2, 3)
)
TABLES = {
    "ingest__departures": ("datasets.departures",),
    "ingest__weather": ("datasets.weather",),
    "features__flight_delay": ("features.flight_delay", "labels.flight_delay"),
    "score__flight_delay": ("predictions.flight_delay",),
}
AHEAD = {"features.flight_delay": 1, "predictions.flight_delay": 1}
steps = st.sampled_from(STEPS)
crashes = st.sampled_from((None, None, "before_flush", "before_commit", "after_commit"))
ERRORS = st.sampled_from((None, None, "ConnectionRefusedError"))


class Crash(BaseException):
    """The end of a process."""


@cache
def catalog() -> Catalog:
    return load_catalog(PROJECT / "include" / "catalog")


@cache
def empty_book() -> bytes:
    """The file of a migrated book, copied for each example."""
    with tempfile.TemporaryDirectory() as folder:
        migrate(Settings(home=Path(folder)).records)
        with closing(sqlite3.connect(Path(folder) / "records.db")) as connection:
            connection.execute("vacuum into ?", [f"{folder}/copy.db"])
        return (Path(folder) / "copy.db").read_bytes()


class Incidents(RuleBasedStateMachine):
    """A book, a clock, a mail server that may be down, and what it has received."""

    @initialize()
    def open_book(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        here = Settings(home=Path(self.folder.name), nightly_from=None)
        (Path(self.folder.name) / "records.db").write_bytes(empty_book())
        self.here = Installation(here, catalog())
        self.now, self.failures, self.received = MONDAY, 0, Counter[str]()

    def repeat_after_crash(self, action, crash: str | None):
        """Run an action whose next transaction is killed at `crash`, and run it again."""
        if crash is None:
            return action()

        def die(*_) -> None:
            raise Crash

        event.listen(Session, crash, die)
        try:
            action()
        except Crash:
            pass
        finally:
            event.remove(Session, crash, die)
        return action()

    @rule(step=steps, severity=st.sampled_from(("warning", "critical")), error=ERRORS, crash=crashes)
    def fail(self, step: Step, severity, error, crash) -> None:
        self.failures += 1
        signal = Signal(
            id=f"failure {self.failures}",
            kind="task",
            step=step,
            what=f"failure {self.failures}",
            severity=severity,
            owners=(f"{step.dag}@x.example",),
            at=self.now,
            error=error,
        )
        mail = Alert(id="m", kind="task", about="x", to=("x",), subject=signal.what, text="t", html="</body>")
        self.repeat_after_crash(lambda: raise_signal(self.here, signal, lambda: mail), crash)

    @rule(step=steps)
    def publish(self, step: Step) -> None:
        for table in TABLES[step.dag]:
            days = step.days.shifted(AHEAD.get(table, 0))
            self.failures += 1
            made = Publication(
                id=f"p{self.failures}",
                table=table,
                days=days,
                run="r",
                rows=1,
                fingerprint="f",
                at=self.now + timedelta(seconds=1),
            )
            self.here.book.publications.intend(made)
            self.here.book.publications.confirm(made.id)
        self.now += timedelta(seconds=2)

    @rule(minutes=st.sampled_from((5, 45, 600, 1440)), crash=crashes)
    def review(self, minutes: int, crash) -> None:
        self.now += timedelta(minutes=minutes)
        self.repeat_after_crash(lambda: review_incidents(self.here, self.now), crash)

    @rule(choice=st.integers(0, 3), closes=st.booleans(), crash=crashes)
    def settle(self, choice: int, closes: bool, crash) -> None:
        found = self.here.book.incidents.unfinished()
        if not found:
            return
        chosen = found[choice % len(found)]

        def act() -> None:
            if self.here.book.incidents.get(chosen.id).unfinished:
                settle_incident(self.here, chosen.id, self._close if closes else self._acknowledge)

        self.repeat_after_crash(act, crash)

    def _close(self, incident: Incident):
        return close(incident, "ann", "so", self.now)

    def _acknowledge(self, incident: Incident):
        return acknowledge(incident, "ann", self.now)

    @rule(up=st.booleans())
    def deliver(self, up: bool) -> None:
        def accept(alert: Alert) -> None:
            if not up:
                raise ConnectionRefusedError
            self.received[alert.id] += 1

        deliver_pending(self.here.book, {"mail": accept})

    @rule()
    def deliver_and_die_before_sending(self) -> None:
        for alert in self.here.book.alerts.pending()[:1]:
            self.here.book.alerts.claim(alert, -1)  # a lease that has ended

    @invariant()
    def no_mail_arrives_twice(self) -> None:
        assert max(getattr(self, "received", Counter()).values(), default=0) <= 1

    @invariant()
    def every_incident_has_the_mails_that_its_events_lead_to(self) -> None:
        if not hasattr(self, "here"):
            return
        book = self.here.book
        mails = {mail.id: mail for mail in book.alerts.newest(limit=10_000)}
        opening = Counter(mail.subject for mail in mails.values() if mail.kind == "task")
        for incident in book.incidents.newest(limit=10_000):
            kinds = Counter(event.kind for event in book.incidents.events(incident.id))
            assert kinds["opened"] == 1
            assert opening[incident.what] == 1
            assert kinds["recovered"] + kinds["closed"] == (not incident.unfinished)
            assert all(mails[mail].state == "held" for mail in incident.waiting)

    @invariant()
    def failures_of_one_step_are_in_one_unfinished_incident(self) -> None:
        if not hasattr(self, "here"):
            return
        failing = Counter(
            failure.step
            for incident in self.here.book.incidents.unfinished()
            for failure in incident.failures
            if not failure.over
        )
        assert max(failing.values(), default=0) <= 1

    def teardown(self) -> None:
        """In working hours, with a server that is up, every mail arrives unless its incident ended before."""
        if not hasattr(self, "here"):
            return
        while not WorkingHours().include(self.now):
            self.now += timedelta(hours=1)
        review_incidents(self.here, self.now)
        deliver_pending(self.here.book, {"mail": lambda alert: self.received.update([alert.id])})
        book = self.here.book
        for mail in book.alerts.newest(limit=10_000):
            assert mail.state in ("sent", "dropped")
            assert self.received[mail.id] == (mail.state == "sent")
        for incident in book.incidents.newest(limit=10_000):
            recovered = [
                m
                for m in book.alerts.newest(limit=10_000)
                if m.subject.endswith(f"recovered: {incident.what}")
            ]
            assert len(recovered) == (incident.state == "recovered" and incident.notified)
        self.folder.cleanup()


Incidents.TestCase.settings = hypothesis_settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
TestNoNotificationIsLostOrDoubled = Incidents.TestCase
