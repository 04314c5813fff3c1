"""What should exist by now: deliveries, features, predictions and monitoring, by catalog and clock."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contender.incidents.lineage import list_upstream
from contender.incidents.signals import Signal, describe_step, grade
from contender.records import Step, identify
from contender.specs import Catalog, Days, ModelSpec, Verb, dag_id, expected_days, parse_dag_id, scores_due
from contender.specs.frozen import Frozen

# A night's features and predictions are expected this long after the last of its inputs is overdue.
BUILDING = timedelta(hours=2)
MONITORING = timedelta(hours=4)


class Due(Frozen):
    """A step whose output should exist since `due`; `deadline` if its model's spec says so.

    `owner` is the recipient for a step that belongs to no dataset or model.
    """

    step: Step
    due: datetime
    deadline: bool = False
    owner: str | None = None


# Every day at BACKUP_AT (UTC), `operations__backup` begins; it is due this long after that.
BACKUP_AT, BACKING_UP = time(6, 30), timedelta(hours=4)
BACKUP_DAG = dag_id("operations", "backup")


class Output(Frozen):
    """What a step leaves in a table, or, for monitoring, in the book."""

    table: str
    days: Days


def list_due(catalog: Catalog, now: datetime, nightly_from: date | None) -> list[Due]:
    """Return the newest output of each step that should exist at `now` (timezone-aware), in the order of a night."""
    due = list(_deliveries(catalog, now, nightly_from))
    built: tuple[tuple[timedelta, tuple[Verb, ...]], ...] = (
        (BUILDING, ("features", "score")),
        (MONITORING, ("monitor",)),
    )
    for allowance, verbs in built:
        expected = expected_days(catalog, now - allowance, nightly_from)
        nights = [
            (name, found.day - timedelta(days=model.horizon_days), found.due + allowance)
            for name, model in catalog.models.items()
            if (found := expected.get(f"predictions.{name}"))
        ]
        due += [Due(step=_step(verb, name, night), due=at) for verb in verbs for name, night, at in nights]
    return [*due, *_deadlines(catalog, now, nightly_from)]


def due_backup(now: datetime, owner: str) -> Due:
    """Return the newest backup that should exist at `now` (timezone-aware), with the platform's owner."""
    begun = datetime.combine((now - BACKING_UP).astimezone(UTC).date(), BACKUP_AT, UTC)
    if begun > now - BACKING_UP:
        begun -= timedelta(days=1)
    step = Step(dag=BACKUP_DAG, days=Days.one(begun.date()))
    return Due(step=step, due=begun + BACKING_UP, owner=owner)


def list_outputs(catalog: Catalog, step: Step) -> tuple[Output, ...]:
    """Return what must exist for a step to be complete: of its failed table if there is one, else of all its tables."""
    verb, name = parse_dag_id(step.dag)
    if step.days is None:
        return ()
    if verb == "ingest" and name in catalog.datasets:
        return (Output(table=f"datasets.{name}", days=step.days),)
    if name not in catalog.models:
        return ()
    model = catalog.models[name]
    scored, matured = model.scored_days(step.days), model.matured_days(step.days)
    outputs = {
        "features": (("features", scored), ("labels", matured)),
        "score": (("predictions", scored),),
        "retrain": (("shadow", scored),),
    }
    found = tuple(Output(table=f"{kind}.{name}", days=days) for kind, days in outputs.get(verb, ()))
    return tuple(output for output in found if step.table in ("", output.table))


def list_steps(catalog: Catalog, due: Due) -> tuple[Step, ...]:
    """Return the steps whose output decides about a due one: itself, and for a deadline also what it waits for."""
    return (*list_upstream(catalog, due.step), due.step) if due.deadline else (due.step,)


def signal_missing(
    catalog: Catalog, due: Due, missing: Collection[Step], rejected: Collection[Step], now: datetime
) -> Signal | None:
    """Return the signal that a due output is missing, or None if it is not.

    A missed deadline names the first step of the night that is missing. `rejected` are deliveries that have arrived
    and failed their gate.
    """
    if due.step not in missing:
        return None
    held_up_by = next(step for step in list_steps(catalog, due) if step in missing)
    state = "failed its gate" if held_up_by in rejected else "is missing"
    late = f"{describe_step(due.step)}, due at {due.due:%Y-%m-%d %H:%M} UTC"
    reason = "" if held_up_by == due.step else f"; held up by: {describe_step(held_up_by)} {state}"
    owners = dict.fromkeys(due.owner or _owner(catalog, step) for step in (due.step, held_up_by))
    overdue = parse_dag_id(due.step.dag).verb == "ingest"
    return Signal(
        id=signal_id(due),
        kind="deadline" if due.deadline else "missing",
        step=held_up_by,
        held_up=None if held_up_by == due.step else due.step,
        what=f"{late}, {'are late' if due.deadline else state}{reason}",
        severity="critical" if due.deadline else "warning" if overdue else grade(catalog, due.step.dag),
        owners=tuple(owners),
        at=now,
    )


def signal_id(due: Due) -> str:
    """Return the id of the signal that an output is missing: the same at each check."""
    assert due.step.days is not None
    return identify("signal", "deadline" if due.deadline else "missing", due.step.dag, due.step.days.key)


def _deliveries(catalog: Catalog, now: datetime, nightly_from: date | None) -> Iterator[Due]:
    expected = expected_days(catalog, now, nightly_from)
    for name, dataset in catalog.datasets.items():
        if found := expected.get(dataset.contract.table):
            yield Due(step=_step("ingest", name, found.day), due=found.due)


def _deadlines(catalog: Catalog, now: datetime, nightly_from: date | None) -> Iterator[Due]:
    """The newest night of each model whose predictions should have been there by the time in its spec."""
    for name, model in catalog.models.items():
        found = _last_deadline(model, now)
        if found is not None and nightly_from is not None and found[0] >= nightly_from:
            night, due = found
            yield Due(step=_step("score", name, night), due=due.astimezone(now.tzinfo), deadline=True)


def _last_deadline(model: ModelSpec, now: datetime) -> tuple[date, datetime] | None:
    """Return the newest night whose deadline is over, and that deadline; None without `scored_by`."""
    yesterday = now.astimezone(ZoneInfo(model.scored_by_zone or "UTC")).date() - timedelta(days=1)
    for night in (yesterday, yesterday - timedelta(days=1)):
        due = scores_due(model, night)
        if due is not None and due <= now:
            return night, due
    return None


def _owner(catalog: Catalog, step: Step) -> str:
    verb, name = parse_dag_id(step.dag)
    return catalog.dataset(name).owner if verb == "ingest" else catalog.model(name).owner


def _step(verb: Verb, name: str, day: date) -> Step:
    return Step(dag=dag_id(verb, name), days=Days.one(day))
