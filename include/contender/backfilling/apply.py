"""Execute a backfill: ordinary runs of the planned ranges, one after the other, resumable after a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from contender.backfilling.plan import BackfillPlan, Step
from contender.orchestrator import Airflow, ApiError, Run, find_tries, start_or_join
from contender.specs import Days

CHUNK_DAYS = 31
_PATIENCE = 6 * 3600.0


class BackfillStoppedError(Exception):
    """A run failed; the message says which. The same command continues from it."""


def apply_backfill(
    plan: BackfillPlan, name: str, airflow: Airflow, notify: Callable[[Step, Days, str], None]
) -> None:
    """Run every step of a plan, in chunks of a month.

    `name` identifies the backfill. It is part of its run ids, so that the same call after an interruption skips
    finished runs. Airflow limits each DAG to one run at a time. `notify` is called for each chunk with
    `done before`, `started` or `done`. Raises BackfillStoppedError.
    """
    for step in plan.steps:
        for days in chunks(step.days):
            if _succeeded(airflow, step, name, days):
                notify(step, days, "done before")
                continue
            notify(step, days, "started")
            form = {"first": str(days.first), "last": str(days.last)}
            _wait(airflow, start_or_join(airflow, step.dag, _run_name(name, days), conf=form))
            notify(step, days, "done")


def is_done(plan: BackfillPlan, name: str, airflow: Airflow) -> bool:
    """Return whether every run of a backfill of that name succeeded."""
    return all(_succeeded(airflow, step, name, days) for step in plan.steps for days in chunks(step.days))


def chunks(days: Days, size: int = CHUNK_DAYS) -> Iterator[Days]:
    """Yield the range in chunks of at most `size` days, in order."""
    for offset in range(0, len(days), size):
        first = days.first + timedelta(days=offset)
        yield Days(first=first, last=min(days.last, first + timedelta(days=size - 1)))


def _succeeded(airflow: Airflow, step: Step, name: str, days: Days) -> bool:
    tries = find_tries(airflow, step.dag, _run_name(name, days))
    return any(run.state == "success" for run in tries)


def _run_name(name: str, days: Days) -> str:
    # Airflow reserves ids that start with `backfill__`.
    return f"correction__{name}__{days.first}_{days.last}"


def _wait(airflow: Airflow, run: Run) -> None:
    try:
        airflow.wait(run.dag_id, run.run_id, _PATIENCE)
    except ApiError as error:
        raise BackfillStoppedError(
            f"{error}\nFix the cause and run the same command again: it continues from here."
        ) from None
