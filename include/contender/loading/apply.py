"""Execute a load: ordinary runs, of which those that are done are skipped and those that still run are joined."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from contender.installation import Installation
from contender.loading.night import follow_night
from contender.loading.plan import LoadPlan, Step
from contender.orchestrator import Airflow, ApiError, Run, find_tries, start_or_join
from contender.records import GateResult
from contender.specs.frozen import Frozen

_POLL_SECONDS = 1.0
_LINES_OF_A_RETRY = 3

Report = Callable[[str], None]


class LoadStoppedError(Exception):
    """A run failed for another reason than its gate. The same command continues from it."""


class Failure(Frozen):
    """An ingestion whose gate failed: nothing of its days was published."""

    step: Step
    run_id: str
    gate: GateResult


def load_history(
    plan: LoadPlan, here: Installation, airflow: Airflow, report: Report, *, rebuild: bool = False
) -> tuple[Failure, ...]:
    """Run what is missing of a plan. Returns the failed gates, after which no features are built.

    Every ingestion is tried, so that all failing days are found at once. After an interruption, the same call
    continues. With `rebuild`, the steps of the model are run again. Raises LoadStoppedError if a DAG is paused, or if
    a run fails for another reason than its gate.
    """
    _require_dags({step.dag for step in (*plan.ingestions, *plan.steps)}, airflow)
    ordered = [(step, _start(step, here, airflow, report)) for step in plan.ingestions]
    found = [_finish(step, run, here, airflow, report) for step, run in ordered if run]
    failures = tuple(failure for failure in found if failure)
    if failures:
        return failures
    for step in plan.steps:
        if run := _start(step, here, airflow, report, again=rebuild):
            _finish(step, run, here, airflow, report)
    for step, run in ordered:
        if run is not None and step.days.is_single and plan.model is None:
            _follow(step, run, here, airflow, report)
    return ()


def is_done(step: Step, here: Installation, tries: Sequence[Run]) -> bool:
    """Return whether the table has every day that the step fills, or a run of the step has succeeded."""
    if any(run.state == "success" for run in tries):
        return True
    if step.fills is None:
        return here.lake.snapshot(step.table) is not None
    return set(step.fills) <= set(here.lake.days(step.table))


def _require_dags(dags: set[str], airflow: Airflow) -> None:
    """Wait until Airflow has parsed the DAGs. Raises LoadStoppedError if any is paused."""
    airflow.wait_for_dags(dags)
    if paused := sorted(dag for dag in dags if airflow.is_paused(dag)):
        raise LoadStoppedError(
            f"{', '.join(paused)}: paused in Airflow: unpause them, and run the same command again"
        )


def _start(
    step: Step, here: Installation, airflow: Airflow, report: Report, *, again: bool = False
) -> Run | None:
    """Start or join the run of a step; None if the step is done."""
    if not again and is_done(step, here, find_tries(airflow, step.dag, step.name)):
        report(f"{step.dag} {step.days.key}: done before")
        return None
    key = str(step.days.first) if step.days.is_single else None
    run = start_or_join(airflow, step.dag, step.name, partition_key=key, conf=step.form)
    report(f"{step.dag} {step.days.key}: started")
    return run


def _finish(step: Step, run: Run, here: Installation, airflow: Airflow, report: Report) -> Failure | None:
    """Wait for a run; return its failed gate, or report how many rows were published."""
    ended = _wait(run, airflow, report)
    gate = here.book.gates.newest_for(step.table, step.days)
    gate = gate if gate is not None and run.run_id in gate.run else None
    if ended.state == "success":
        report(f"{step.dag} {step.days.key}: done" + (f", {gate.rows:,} rows" if gate else ""))
        return None
    if step.verb == "ingest" and gate is not None and gate.verdict == "fail":
        report(f"{step.dag} {step.days.key}: FAILED its gate, nothing was published")
        return Failure(step=step, run_id=run.run_id, gate=gate)
    raise LoadStoppedError(
        f"{airflow.explain_failure(ended)}\nFix the cause and run the same command again: it continues from here."
    )


def _follow(step: Step, run: Run, here: Installation, airflow: Airflow, report: Report) -> None:
    try:
        follow_night(step, run, here, airflow, report)
    except ApiError as error:
        raise LoadStoppedError(
            f"{error}\nThe day is loaded. Fix the cause, and clear the run in Airflow."
        ) from None


def _wait(run: Run, airflow: Airflow, report: Report) -> Run:
    """Wait until a run has ended, and report once which task waits to be tried again, and why."""
    reported: set[str] = set()
    while not (now := airflow.run(run.dag_id, run.run_id)).ended:
        states = airflow.task_states(run.dag_id, run.run_id)
        for task in [task for task, state in states.items() if state == "up_for_retry"]:
            if task not in reported:
                reported.add(task)
                lines = airflow.task_log(run.dag_id, run.run_id, task).splitlines()[-_LINES_OF_A_RETRY:]
                report(f"{run.dag_id}: {task} failed and will be tried again:\n  " + "\n  ".join(lines))
        time.sleep(_POLL_SECONDS)
    return now
