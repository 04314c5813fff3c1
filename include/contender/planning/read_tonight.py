"""Read what is recorded of tonight's night of each model, without changing anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from contender.alerting import find_present, has_no_rows
from contender.incidents import list_due, list_outputs
from contender.installation import Installation
from contender.planning.costs import Cost, estimate_costs
from contender.planning.deliveries import SeenInput, judge_input
from contender.planning.read import daily_sources, read_input, read_times
from contender.planning.tonight import STEPS, SeenNight, SeenRun, SeenStep, choose_night
from contender.records import GateResult, Incident, Step
from contender.specs import Days, ModelSpec, dag_id, parse_dag_id, scores_due

# Asks the orchestrator for the newest run of each of these steps.
FindRuns = Callable[[Collection[Step]], Mapping[Step, SeenRun]]


class _Seen(NamedTuple):
    """What was read once for all models."""

    now: datetime
    present: Collection[Step]
    due: Mapping[Step, datetime]
    unfinished: Sequence[Incident]
    runs: Mapping[Step, SeenRun]


def read_tonight(
    here: Installation, models: Sequence[ModelSpec], now: datetime, find_runs: FindRuns
) -> tuple[SeenNight, ...]:
    """Read tonight's night of these models at `now` (timezone-aware)."""
    nights = {model.name: _find_night(here, model, now) for model in models}
    steps = {step for model in models for step in _list_steps(here, model, nights[model.name])}
    due: dict[Step, datetime] = {}
    for one in list_due(here.catalog, now, here.settings.nightly_from):
        due[one.step] = min(one.due, due.get(one.step, one.due))
    seen = _Seen(
        now=now,
        present=find_present(here, steps),
        due=due,
        unfinished=here.book.incidents.unfinished(),
        runs=find_runs(steps),
    )
    return tuple(_read_night(here, model, nights[model.name], seen) for model in models)


def _find_night(here: Installation, model: ModelSpec, now: datetime) -> date | None:
    leads = {source.contract.table: source.lead_days for source in daily_sources(here, model)}
    leads[model.feature_contract.table] = leads[model.prediction_contract.table] = model.horizon_days
    found = {table: here.book.gates.newest_of(table) for table in leads}
    nights = [gate.days.last - timedelta(days=leads[table]) for table, gate in found.items() if gate]
    return choose_night(now, here.settings.nightly_from, max(nights, default=None))


def _list_steps(here: Installation, model: ModelSpec, night: date | None) -> tuple[Step, ...]:
    """Return the inputs of a night and then the model's own steps, in the order of a night."""
    if night is None:
        return ()
    inputs = (
        _step_of(source.contract.table, night + timedelta(days=source.lead_days))
        for source in daily_sources(here, model)
    )
    own = (Step(dag=dag_id(verb, model.name), days=Days.one(night)) for verb in STEPS if verb != "ingest")
    return (*inputs, *own)


def _step_of(table: str, day: date) -> Step:
    """Return the step that fills a day of an input: a delivery, or the predictions of another model."""
    namespace, _, name = table.partition(".")
    return Step(dag=dag_id("ingest" if namespace == "datasets" else "score", name), days=Days.one(day))


def _read_night(here: Installation, model: ModelSpec, night: date | None, seen: _Seen) -> SeenNight:
    if night is None:
        return SeenNight(model=model.name, night=None)
    inputs = {
        _step_of(source.contract.table, night + timedelta(days=source.lead_days)): read_input(
            here, source, night, seen.now
        )
        for source in daily_sources(here, model)
    }
    steps = [_read_step(here, step, inputs.get(step), seen) for step in _list_steps(here, model, night)]
    scored = any(one.present for one in steps if one.step.dag == dag_id("score", model.name))
    return SeenNight(
        model=model.name,
        night=night,
        steps=tuple(steps),
        deadline=scores_due(model, night),
        costs=() if scored else _read_costs(here, model, night),
    )


def _read_costs(here: Installation, model: ModelSpec, night: date) -> tuple[Cost, ...]:
    return estimate_costs(tuple(read_times(here, model, night)), len(model.recipes))


def _read_step(here: Installation, step: Step, given: SeenInput | None, seen: _Seen) -> SeenStep:
    """Read what is known of a step; `given` if it is an input of the model."""
    idle, is_over = _find_idle(here, step)
    delivery = None if given is None else judge_input(given, seen.now)
    is_there = delivery is not None and delivery.state in ("published", "closed")
    present = is_over or is_there or step in seen.present or _was_loaded(here, step)
    due = seen.due.get(step)
    if given is not None and delivery is not None and delivery.state == "overdue":
        due = given.due
    gates = _read_gates(here, step)
    failed = next((gate for gate in gates if gate.verdict == "fail"), None)
    shown = failed or next(iter(gates), None)
    return SeenStep(
        step=step,
        present=present,
        at=_read_time(here, step, gates) if present else None,
        rejected=failed is not None,
        incident=_find_incident(step, seen.unfinished),
        due=None if present or idle else due,
        gate=None if shown is None else shown.id,
        run=seen.runs.get(step),
        delivery=delivery,
        idle=idle,
    )


def _was_loaded(here: Installation, step: Step) -> bool:
    """Return whether all outputs of a step were published in a range of days."""
    outputs = list_outputs(here.catalog, step)
    return bool(outputs) and all(
        any(
            one.days.first in days and one.days.last in days
            for days in here.book.publications.ranges(one.table)
        )
        for one in outputs
    )


def _find_idle(here: Installation, step: Step) -> tuple[str, bool]:
    """Return why a step does nothing tonight, and whether it is therefore done."""
    verb, name = parse_dag_id(step.dag)
    if verb == "retrain" and step.days is not None:
        fit = here.book.fit_verdicts.of_night(name, step.days.first)
        return "" if fit is None or fit.due else f"no fit was due: {fit.why}", False
    if verb not in ("score", "monitor"):
        return "", False
    if here.book.ledger.champion(name) is None:
        return "no version serves yet", False
    return ("no rows tonight", True) if has_no_rows(here, step) else ("", False)


def _read_gates(here: Installation, step: Step) -> list[GateResult]:
    found = (here.book.gates.newest_for(one.table, one.days) for one in list_outputs(here.catalog, step))
    return [gate for gate in found if gate is not None]


def _read_time(here: Installation, step: Step, gates: Sequence[GateResult]) -> datetime | None:
    """Return when the output of a step passed its gate, or when the night was monitored."""
    verb, name = parse_dag_id(step.dag)
    if verb == "monitor" and step.days is not None:
        day = here.catalog.model(name).matured_days(step.days).last
        monitored = here.book.monitored.of_day(name, day)
        return None if monitored is None else monitored.at
    return max((gate.at for gate in gates), default=None)


def _find_incident(step: Step, unfinished: Sequence[Incident]) -> str | None:
    for incident in unfinished:
        for failure in incident.failures:
            if not failure.over and failure.since is not None and failure.step.same_as(step):
                return incident.id
    return None
