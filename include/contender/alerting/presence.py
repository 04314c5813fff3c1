"""Whether a step's output exists, according to the book: published, monitored, or past its gate."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from contender.alerting.compose import TITLES
from contender.incidents import BACKUP_DAG, Output, list_outputs
from contender.installation import Installation
from contender.records import INSTALLATION, Failure, Incident, Step
from contender.specs import dag_id, parse_dag_id

# After a batch has passed its gate, publishing it may take this long.
PUBLISHING = timedelta(minutes=15)
# A publication is recorded when it begins, which may be before the check that missed it.
BEFORE = timedelta(days=1)


def find_present(here: Installation, steps: Collection[Step]) -> set[Step]:
    """Return the steps whose output is in the book. Published tables and monitored days are one query each."""
    outputs = {step: list_outputs(here.catalog, step) for step in steps}
    keys = {(output.table, output.days.key) for found in outputs.values() for output in found}
    published = here.book.publications.committed_among(keys)
    days = {step: day for step in steps if (day := _monitored_day(here, step)) is not None}
    monitored = here.book.monitored.among(days.values())
    complete = {
        step
        for step, found in outputs.items()
        if found
        and all(
            (output.table, output.days.key) in published or _passed_unpublished(here, output)
            for output in found
        )
    }
    backups = {step for step in steps if step.dag == BACKUP_DAG and _is_backed_up(here, step)}
    return complete | {step for step, day in days.items() if day in monitored} | backups


def has_no_rows(here: Installation, step: Step) -> bool:
    """Return whether a night has no rows to predict, as after a closed day: its features passed their gate empty."""
    name = parse_dag_id(step.dag).subject
    features = list_outputs(here.catalog, Step(dag=dag_id("features", name), days=step.days))
    gate = here.book.gates.newest_for(features[0].table, features[0].days) if features else None
    return gate is not None and gate.verdict != "fail" and gate.rows == 0


def is_in_lake(here: Installation, step: Step) -> bool:
    """Return whether the lake has all days of a step's output, as after loading a range. Opens the lake."""
    tables = here.catalog.tables
    outputs = [output for output in list_outputs(here.catalog, step) if tables[output.table].daily]
    return bool(outputs) and all(
        set(output.days.each()) <= set(here.lake.days(output.table)) for output in outputs
    )


def was_rejected(here: Installation, step: Step) -> bool:
    """Return whether the newest batch of a step's output failed its gate."""
    gates = (here.book.gates.newest_for(o.table, o.days) for o in list_outputs(here.catalog, step))
    return any(gate is not None and gate.verdict == "fail" for gate in gates)


def is_over(here: Installation, incident: Incident, failure: Failure, now: datetime) -> bool:
    """Return whether a failure of an incident is over.

    A step that failed is over when its output passed its gate and was published after that; a missing output, when it
    exists; a verdict, when the model's newest one is not reported. A task without an output reports its success itself.
    """
    verb, name = parse_dag_id(failure.step.dag)
    if incident.kind == "verdict":
        newest = here.book.monitored.newest_of(name)
        return newest is not None and newest.verdict not in TITLES
    if failure.step.days is None:
        return False
    if verb == "monitor":
        return _was_monitored(here, failure.step, failure.since)
    outputs = list_outputs(here.catalog, failure.step)
    if failure.since is None:
        since = incident.opened - BEFORE
        return bool(find_present(here, [failure.step])) or (
            bool(outputs) and all(_was_published(here, output, since) for output in outputs)
        )
    return bool(outputs) and all(
        _was_published(here, output, failure.since) or _has_passed(here, output, failure.since, now)
        for output in outputs
    )


def _passed_unpublished(here: Installation, output: Output) -> bool:
    """Whether a batch passed its gate that is not published: one without rows, or an unchanged reference table."""
    gate = here.book.gates.newest_for(output.table, output.days)
    if gate is None or gate.verdict == "fail":
        return False
    return gate.rows == 0 or not here.catalog.contract(output.table).daily


def _is_backed_up(here: Installation, step: Step) -> bool:
    """Whether a backup was completed on the day of a step, or later."""
    newest = here.book.acts.newest_of("backed up", INSTALLATION)
    return newest is not None and step.days is not None and newest.at.date() >= step.days.first


def _monitored_day(here: Installation, step: Step) -> tuple[str, date] | None:
    """The model and the day that a monitoring step measures, or None for another step."""
    verb, name = parse_dag_id(step.dag)
    if verb != "monitor" or step.days is None or name not in here.catalog.models:
        return None
    return name, here.catalog.models[name].matured_days(step.days).last


def _was_monitored(here: Installation, step: Step, since: datetime | None) -> bool:
    day = _monitored_day(here, step)
    found = None if day is None else here.book.monitored.of_day(*day)
    return found is not None and (since is None or found.at > since)


def _was_published(here: Installation, output: Output, since: datetime) -> bool:
    published = here.book.publications.committed_since(output.table, since)
    return any(output.days.first in days and output.days.last in days for days in published)


def _has_passed(here: Installation, output: Output, since: datetime, now: datetime) -> bool:
    """Whether the batch passed its gate and is published: one whose rows were there already is not recorded again."""
    gate = here.book.gates.newest_for(output.table, output.days)
    passed = gate is not None and gate.verdict != "fail" and since < gate.at <= now - PUBLISHING
    return passed and not here.book.publications.unconfirmed(output.table, output.days)
