"""What becomes of incidents: open, join, send, recover, acknowledge, close, remind. Pure functions of records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from contender.incidents.lineage import explains, list_upstream
from contender.incidents.signals import Signal
from contender.incidents.working_hours import WorkingHours
from contender.records import Failure, Incident, IncidentEvent, Step, Urgency, identify
from contender.records.incidents import EventKind
from contender.specs import Catalog
from contender.specs.frozen import Frozen

# The same connection error within this time has the same cause.
SAME_OUTAGE = timedelta(minutes=30)


class Outcome(Frozen):
    """What becomes of an incident, and whom a mail about it goes to. Without recipients, no mail is written."""

    incident: Incident
    event: IncidentEvent
    mail_to: tuple[str, ...] = ()
    held: bool = False
    released: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def mail_id(self) -> str:
        """The id of the mail."""
        return identify("incident mail", self.event.id)


def record_signal(
    signal: Signal, unfinished: Sequence[Incident], catalog: Catalog, hours: WorkingHours
) -> Outcome:
    """Open an incident for a signal, or let the signal join the incident with the same cause."""
    upstream = list_upstream(catalog, signal.step)
    for incident in unfinished:
        if any(failure.step.same_as(signal.step) for failure in incident.failures if not failure.over):
            return _join(incident, signal, hours, is_news=_is_news(incident, signal))
    for incident in unfinished:
        if explains(incident.failures, upstream):
            return _join(incident, signal, hours, is_news=signal.kind == "deadline")
    for incident in unfinished:
        if signal.error and signal.error == incident.error and signal.at - incident.changed <= SAME_OUTAGE:
            return _join(incident, signal, hours, is_news=False)
    for incident in unfinished:
        if explains([Failure(step=signal.step, since=None)], list_upstream(catalog, incident.cause)):
            return _join(_with_cause(incident, signal), signal, hours, is_news=True)
    return _open(signal, hours)


def acknowledge(incident: Incident, by: str, at: datetime) -> Outcome | None:
    """A person takes care of an incident: no reminders are sent any more. Its recovery is still reported.

    Returns None if it is acknowledged already.
    """
    if incident.state == "acknowledged":
        return None
    taken = incident.model_copy(update={"state": "acknowledged"})
    return Outcome(incident=taken, event=_event(taken, "acknowledged", "acknowledged", at, by))


def close(incident: Incident, by: str, reason: str, at: datetime) -> Outcome:
    """A person ends an incident. What is missing of it is not reported again; a new failure is."""
    closed = incident.model_copy(update={"state": "closed", "waiting": ()})
    return Outcome(incident=closed, event=_event(closed, "closed", reason, at, by), dropped=incident.waiting)


def note_success(incident: Incident, step: Step) -> Incident:
    """Return the incident after a task that had failed succeeded: any output of its step now ends the failure.

    A task of a run without days has no output, so that its success ends the failure.
    """
    failures = (
        f.model_copy(update={"since": None, "over": step.days is None}) if _is_task(f.step, step) else f
        for f in incident.failures
    )
    return incident.model_copy(update={"failures": tuple(failures)})


def recover(
    incident: Incident, over: Collection[Failure], at: datetime, hours: WorkingHours
) -> Outcome | None:
    """Return the recovery of an incident if all of its failures are over, of which `over` are new; otherwise None.

    A step that has failed again since `over` was read is another failure. The owners are notified if they were
    notified of the incident; a mail that still waits is dropped instead.
    """
    failures = tuple(f.model_copy(update={"over": f.over or f in over}) for f in incident.failures)
    if not all(failure.over for failure in failures):
        return None
    ended = incident.model_copy(update={"state": "recovered", "failures": failures, "waiting": ()})
    event = _event(ended, "recovered", f"{ended.what}: recovered", at)
    return Outcome(
        incident=ended,
        event=event,
        mail_to=incident.owners if incident.notified else (),
        held=incident.severity == "warning" and not hours.include(at),
        dropped=incident.waiting,
    )


def send_waiting(incident: Incident, at: datetime, hours: WorkingHours) -> Outcome | None:
    """Return the release of an incident's mails that wait for working hours, if these have begun; otherwise None."""
    if not incident.waiting or not hours.include(at):
        return None
    sent = incident.model_copy(update={"waiting": (), "notified": True})
    event = _event(sent, "notified", "working hours have begun", at)
    return Outcome(incident=sent, event=event, released=incident.waiting)


def choose_reminders(
    unfinished: Sequence[Incident], at: datetime, hours: WorkingHours
) -> Mapping[str, tuple[Incident, ...]]:
    """Return the incidents that each owner is reminded of today, by owner: open for 1, 2, 4, 8, … days.

    No one is reminded outside of working hours, or of an acknowledged incident.
    """
    chosen: dict[str, tuple[Incident, ...]] = {}
    for incident in unfinished if hours.include(at) else ():
        age = (hours.day_of(at) - hours.day_of(incident.opened)).days
        if incident.state == "open" and incident.notified and age >= 2**incident.reminders:
            for owner in incident.owners:
                chosen[owner] = (*chosen.get(owner, ()), incident)
    return chosen


def remind(incident: Incident, at: datetime, hours: WorkingHours) -> Outcome:
    """Return the incident after its owners were reminded."""
    age = (hours.day_of(at) - hours.day_of(incident.opened)).days
    reminded = incident.model_copy(update={"reminders": max(age, 1).bit_length()})
    return Outcome(incident=reminded, event=_event(reminded, "reminded", f"open for {age} days", at))


def _open(signal: Signal, hours: WorkingHours) -> Outcome:
    held = signal.severity == "warning" and not hours.include(signal.at)
    waiting = (identify("incident mail", signal.id),) if held else ()
    incident = Incident(
        id=identify("incident", signal.id),
        kind=signal.kind,
        cause=signal.step,
        what=signal.what,
        topic=signal.topic,
        error=signal.error,
        severity=signal.severity,
        owners=signal.owners,
        failures=_with_failures((), signal),
        opened=signal.at,
        changed=signal.at,
        waiting=waiting,
        notified=not held,
    )
    event = _event_of(signal, incident, "opened")
    return Outcome(incident=incident, event=event, mail_to=signal.owners, held=held)


def _join(incident: Incident, signal: Signal, hours: WorkingHours, *, is_news: bool) -> Outcome:
    """Add a signal to an incident. A mail is written only if it is news; mails that wait are sent if it is urgent."""
    urgent = signal.severity == "critical" and signal.kind != "missing"
    severity: Urgency = "critical" if urgent else incident.severity
    mail_to = _recipients(incident, signal, escalates=severity != incident.severity) if is_news else ()
    held = severity == "warning" and not hours.include(signal.at)
    released = incident.waiting if severity == "critical" else ()
    waiting = tuple(mail for mail in incident.waiting if mail not in released)
    if mail_to and held:
        waiting = (*waiting, identify("incident mail", signal.id))
    joined = incident.model_copy(
        update={
            "severity": severity,
            "topic": signal.topic or incident.topic,
            "failures": _with_failures(incident.failures, signal),
            "signals": incident.signals + 1,
            "changed": max(incident.changed, signal.at),
            "owners": tuple(dict.fromkeys((*incident.owners, *mail_to))),
            "waiting": waiting,
            "notified": incident.notified or bool(released) or (bool(mail_to) and not held),
        }
    )
    kind: EventKind = "escalated" if severity != incident.severity else "joined"
    event = _event_of(signal, incident, kind)
    return Outcome(incident=joined, event=event, mail_to=mail_to, held=held, released=released)


def _recipients(incident: Incident, signal: Signal, *, escalates: bool) -> tuple[str, ...]:
    """All owners of another batch or verdict, or if it has become urgent; otherwise those not yet notified."""
    if escalates or signal.topic:
        return signal.owners
    return tuple(owner for owner in signal.owners if owner not in incident.owners)


def _is_news(incident: Incident, signal: Signal) -> bool:
    """Another batch that failed its gate, another verdict, or a deadline that was missed."""
    return signal.kind == "deadline" or bool(signal.topic and signal.topic != incident.topic)


def _with_cause(incident: Incident, signal: Signal) -> Incident:
    return incident.model_copy(update={"cause": signal.step, "kind": signal.kind, "what": signal.what})


def _with_failures(failures: tuple[Failure, ...], signal: Signal) -> tuple[Failure, ...]:
    """Add the steps of a signal; a step that fails again replaces its earlier failure."""
    since = (signal.since or signal.at) if signal.fails else None
    new = [Failure(step=signal.step, since=since)]
    if signal.held_up is not None:
        new.append(Failure(step=signal.held_up, since=None))
    for failure in new:
        same = next((f for f in failures if _repeats(failure, f)), None)
        if same is None:
            failures = (*failures, failure)
        elif failure.since is not None:
            failures = tuple(failure if f is same else f for f in failures)
    return failures


def _repeats(failure: Failure, earlier: Failure) -> bool:
    new, old = failure.step, earlier.step
    return not earlier.over and new.same_as(old) and (failure.since is None or new.table == old.table)


def _is_task(failed: Step, succeeded: Step) -> bool:
    return failed.task == succeeded.task and failed.same_as(succeeded)


def _event_of(signal: Signal, incident: Incident, kind: EventKind) -> IncidentEvent:
    return IncidentEvent(
        id=signal.id,
        incident=incident.id,
        kind=kind,
        what=signal.what,
        dag=(signal.held_up or signal.step).dag,
        at=signal.at,
    )


def _event(
    incident: Incident, kind: EventKind, what: str, at: datetime, by: str = "contender"
) -> IncidentEvent:
    name = identify("event", incident.id, kind, at.isoformat())
    return IncidentEvent(id=name, incident=incident.id, kind=kind, what=what, by=by, at=at)
