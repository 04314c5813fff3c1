"""Record signals in incidents, and keep the mails that they lead to in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from contender.alerting.compose import (
    Declared,
    FailedTask,
    compose_gate_alert,
    compose_task_alert,
    compose_verdict_alert,
)
from contender.alerting.compose_incidents import link_incident
from contender.alerting.disks import explain_disk_error
from contender.alerting.wider_bounds import widen_row_count
from contender.incidents import (
    Outcome,
    Signal,
    WorkingHours,
    find_disk_error,
    fingerprint_connection_error,
    grade,
    note_success,
    read_working_hours,
    record_signal,
    signal_gate,
    signal_verdict,
)
from contender.installation import Installation
from contender.records import (
    Alert,
    GateResult,
    Incident,
    IncidentChange,
    Monitored,
    Step,
    identify,
)
from contender.redaction import redact
from contender.settings import Settings
from contender.specs import locate_expectations

NEWEST = 30  # gate results that are read for a proposal


def working_hours(settings: Settings) -> WorkingHours:
    """Return the working hours of an installation."""
    return read_working_hours(settings.quiet_hours, settings.zone)


def raise_signal(here: Installation, signal: Signal, compose: Callable[[], Alert]) -> IncidentChange | None:
    """Open an incident for a signal, or add it to the one with the same cause; `compose` makes the mail if one is due.

    Returns what was written: nothing for a signal that is known already.
    """
    hours = working_hours(here.settings)

    def decide(unfinished: Sequence[Incident]) -> IncidentChange:
        outcome = record_signal(signal, unfinished, here.catalog, hours)
        return write_outcome(outcome, compose, here.settings, signal.at)

    return here.book.incidents.change(decide, signal.id)


def raise_gate_failure(here: Installation, result: GateResult, failed: FailedTask, gate_url: str) -> None:
    """Record that a batch failed its gate."""
    step = Step(dag=failed.dag, days=failed.business_days, task=failed.task, table=result.table)
    signal = signal_gate(here.catalog, result, step, failed.number, failed.at)
    lines = locate_expectations(here.catalog, result.table, [e.identity for e in result.failed])
    newest = here.book.gates.newest(result.table, NEWEST)
    wider = widen_row_count(here.catalog.contract(result.table), newest)
    compose = partial(
        compose_gate_alert,
        result,
        to=result.recipients,
        gate_url=gate_url,
        log_url=failed.log_url,
        declared=Declared(lines=lines, wider=wider),
    )
    raise_signal(here, signal, compose)


def raise_task_failure(
    here: Installation, failed: FailedTask, owner: str, error: BaseException | str | None
) -> None:
    """Record that a task failed after its last retry, with the exception.

    An error of a connection or a disk is the platform's, too; that of a disk names the place.
    """
    outage, disk = fingerprint_connection_error(error), find_disk_error(error)
    place = "" if disk is None else f": {explain_disk_error(disk, here.settings)}"
    owners = (owner, here.settings.platform_owner) if outage else (owner,)
    signal = Signal(
        id=identify("signal", "task", failed.dag, failed.task, failed.run, failed.number),
        kind="task",
        step=Step(dag=failed.dag, days=failed.business_days, task=failed.task, table=failed.table),
        what=redact(f"{f'{failed.dag} {failed.days}'.strip()}: {failed.task} failed{place}"),
        severity=grade(here.catalog, failed.dag),
        owners=tuple(dict.fromkeys(owners)),
        at=failed.at,
        error=outage,
    )
    explained = failed.model_copy(update={"error": failed.error + place})
    raise_signal(here, signal, partial(compose_task_alert, explained, to=owner))


def raise_verdict(here: Installation, monitored: Monitored, report_url: str) -> bool:
    """Record a monitoring verdict that somebody must know. Returns whether a mail was kept.

    A broken feed is reported to the owners of the model's inputs, too, and a regime break to `Monitoring.mail_to`.
    """
    model = here.catalog.model(monitored.model)
    sources = here.catalog.sources(model) if monitored.verdict == "broken_feed" else ()
    readers = model.monitoring.mail_to if monitored.verdict == "regime_break" else ()
    owners = tuple(dict.fromkeys((model.owner, *(source.contract.owner for source in sources), *readers)))
    alert = compose_verdict_alert(monitored, to=owners, report_url=report_url)
    if alert is None:
        return False
    written = raise_signal(here, signal_verdict(monitored, owners), lambda: alert)
    return written is not None and bool(written.alerts)


def report_success(here: Installation, step: Step) -> None:
    """Record that a task which had failed has succeeded. The next check finds whether its incident has recovered."""
    if all(note_success(one, step) == one for one in here.book.incidents.unfinished()):
        return  # without waiting for a turn to write

    def decide(unfinished: Sequence[Incident]) -> IncidentChange | None:
        noted = [(one, note_success(one, step)) for one in unfinished]
        changed = tuple(after for before, after in noted if after != before)
        return IncidentChange(incidents=changed) if changed else None

    here.book.incidents.change(decide)


def write_outcome(
    outcome: Outcome, compose: Callable[[], Alert], settings: Settings, at: datetime
) -> IncidentChange:
    """Return what a transaction writes for an outcome; the mail is composed only if it has recipients."""
    if not outcome.mail_to:
        return to_change(outcome)
    addressed = {
        "id": outcome.mail_id,
        "to": outcome.mail_to,
        "state": "held" if outcome.held else "pending",
        "at": at,
    }
    alert = link_incident(compose(), outcome.incident, settings)
    return to_change(outcome, alert.model_copy(update=addressed))


def to_change(outcome: Outcome, *alerts: Alert) -> IncidentChange:
    """Return what a transaction writes for an outcome and its mails."""
    return IncidentChange(
        incidents=(outcome.incident,),
        events=(outcome.event,),
        alerts=alerts,
        released=outcome.released,
        dropped=outcome.dropped,
    )
