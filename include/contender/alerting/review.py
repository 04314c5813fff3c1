"""The periodic check: open incidents for what is missing, end those that have recovered, send what waited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from contender.alerting.compose_incidents import (
    compose_missing_alert,
    compose_recovered_alert,
    compose_reminder_alert,
)
from contender.alerting.presence import find_present, has_no_rows, is_in_lake, is_over, was_rejected
from contender.alerting.raising import raise_signal, working_hours, write_outcome
from contender.alerting.reaching import read_or
from contender.incidents import (
    Due,
    Signal,
    WorkingHours,
    choose_reminders,
    due_backup,
    explains,
    list_due,
    list_steps,
    list_upstream,
    recover,
    remind,
    send_waiting,
    signal_id,
    signal_missing,
)
from contender.installation import Installation
from contender.records import Failure, Incident, IncidentChange, Step
from contender.specs import Catalog, ModelSpec, parse_dag_id

# An incident that a person closed keeps the steps downstream of it from being reported for this long.
CLOSED_FOR = timedelta(days=3)


class _Read(NamedTuple):
    """What is read before incidents change: failures that are over, held mails, and costs by owner."""

    over: Collection[Failure]
    held: Sequence[str]
    costs: Mapping[str, Sequence[str]]


def review_incidents(here: Installation, now: datetime) -> bool:
    """Open, end and remind of incidents as of `now` (timezone-aware). Returns whether a mail was kept or released.

    It asks the book; the lake is opened only if the book has no publication of something that is due.
    """
    written = [
        raise_signal(here, signal, partial(compose_missing_alert, signal, _source(here.catalog, signal.step)))
        for signal in _find_missing(here, now)
    ]
    over = [
        failure
        for incident in here.book.incidents.unfinished()
        for failure in incident.failures
        if not failure.over and is_over(here, incident, failure, now)
    ]
    read = _Read(over, here.book.alerts.held(), _describe_costs(here, now))
    written.append(here.book.incidents.change(lambda unfinished: _review(here, unfinished, read, now)))
    return any(change is not None and (change.alerts or change.released) for change in written)


def _review(
    here: Installation,
    unfinished: Sequence[Incident],
    read: _Read,
    now: datetime,
) -> IncidentChange | None:
    """Return what the check writes: recoveries, mails that waited, reminders."""
    hours, ui_url = working_hours(here.settings), here.settings.ui_url
    change, unchanged = IncidentChange(), []
    for incident in unfinished:
        outcome = recover(incident, read.over, now, hours) or send_waiting(incident, now, hours)
        if outcome is None:
            unchanged.append(incident)
        else:
            compose = partial(compose_recovered_alert, incident)
            change = change.joined_with(write_outcome(outcome, compose, here.settings, now))
    change = change.joined_with(_remind(unchanged, hours, ui_url, read.costs, now))
    if hours.include(now):  # also mails of incidents that have ended
        change = change.joined_with(IncidentChange(released=tuple(set(read.held) - set(change.dropped))))
    return change if change != IncidentChange() else None


def _describe_costs(here: Installation, now: datetime) -> Mapping[str, Sequence[str]]:
    """Return a line on the account of each model, by owner, for the owners who are reminded now."""
    owners = set(choose_reminders(here.book.incidents.unfinished(), now, working_hours(here.settings)))
    models = [model for model in here.catalog.models.values() if model.owner in owners]
    if not models:
        return {}
    unknown = [
        f"What {model.name} costs is not known at present: the lake cannot be read." for model in models
    ]
    costs = defaultdict[str, list[str]](list)
    for model, line in zip(models, read_or(lambda: _read_digests(here, models), unknown), strict=True):
        costs[model.owner].append(line)
    return costs


def _read_digests(here: Installation, models: Sequence[ModelSpec]) -> list[str]:
    from contender.accounting import digest, read_account

    return [digest(read_account(here, model)) for model in models]


def _remind(
    unfinished: Sequence[Incident],
    hours: WorkingHours,
    ui_url: str,
    costs: Mapping[str, Sequence[str]],
    now: datetime,
) -> IncidentChange:
    chosen = choose_reminders(unfinished, now, hours)
    day = str(hours.day_of(now))
    alerts = (
        compose_reminder_alert(owner, found, day, ui_url, costs.get(owner, ()))
        for owner, found in chosen.items()
    )
    reminded = {incident.id: incident for found in chosen.values() for incident in found}
    outcomes = [remind(incident, now, hours) for incident in reminded.values()]
    return IncidentChange(
        incidents=tuple(outcome.incident for outcome in outcomes),
        events=tuple(outcome.event for outcome in outcomes),
        alerts=tuple(alert.model_copy(update={"at": now}) for alert in alerts),
    )


def _find_missing(here: Installation, now: datetime) -> Iterator[Signal]:
    """Yield a signal for each due output that is missing, unless it was reported, or belongs to a closed incident."""
    catalog = here.catalog
    due = list_due(catalog, now, here.settings.nightly_from)
    if here.settings.backups:
        due.append(due_backup(now, here.settings.platform_owner))
    present = find_present(here, {step for one in due for step in list_steps(catalog, one)})
    late = [one for one in due if one.step not in present]
    known = here.book.incidents.known([signal_id(one) for one in late]) if late else set()
    late = [one for one in late if signal_id(one) not in known and _is_served(here, one)]
    if not late:
        return
    missing = {step for one in late for step in list_steps(catalog, one) if step not in present}
    # While the lake cannot be read, what the book does not know is missing.
    missing = read_or(lambda: {step for step in missing if not is_in_lake(here, step)}, missing)
    rejected = {step for step in missing if was_rejected(here, step)}
    closed = here.book.incidents.closed_since(now - CLOSED_FOR)
    for one in late:
        signal = signal_missing(catalog, one, missing, rejected, now)
        if signal is not None and not _is_closed(catalog, signal.step, closed):
            yield signal


def _is_served(here: Installation, due: Due) -> bool:
    """Whether predictions can be expected: the model has had a champion, and the night has rows."""
    verb, name = parse_dag_id(due.step.dag)
    if verb not in ("score", "monitor"):
        return True
    return here.book.ledger.champion(name) is not None and not has_no_rows(here, due.step)


def _is_closed(catalog: Catalog, step: Step, closed: Sequence[Incident]) -> bool:
    steps = (*list_upstream(catalog, step), step)
    return any(explains(incident.failures, steps) for incident in closed)


def _source(catalog: Catalog, step: Step) -> str:
    verb, name = parse_dag_id(step.dag)
    return catalog.dataset(name).delivery.origin.replace("`", "") if verb == "ingest" else ""
