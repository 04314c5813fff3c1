"""Follow the nights that a newly ingested day starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from contender.installation import Installation
from contender.loading.plan import Step
from contender.orchestrator import Airflow, Run
from contender.specs import Days, ModelSpec, Verb, dag_id

FOLLOWING: tuple[Verb, ...] = ("features", "score", "retrain", "monitor")
_PATIENCE = 3600.0  # seconds


def follow_night(
    step: Step, run: Run, here: Installation, airflow: Airflow, report: Callable[[str], None]
) -> None:
    """Wait for the runs that the ingestion of a single day started, and report each. Raises ApiError if one fails.

    Models whose other inputs of the night are missing are not started yet, and so not waited for.
    """
    if airflow.task_states(run.dag_id, run.run_id).get("announce") != "success":
        report(f"{step.table} {step.days.key}: not a changed newest day, so that no downstream run starts")
        return
    for model, night in find_started(step, here):
        for verb in FOLLOWING:
            dag = dag_id(verb, model.name)
            report(f"{dag} {night}: waiting")
            airflow.wait_for_partition_run(dag, night, _PATIENCE, after=_before(airflow, dag, night, run))
            report(f"{dag} {night}: done")


def find_started(step: Step, here: Installation) -> Iterator[tuple[ModelSpec, str]]:
    """Yield the models that read the table and have all daily inputs of the night, with the night."""
    catalog = here.catalog
    for model in catalog.models.values():
        sources = [source for source in catalog.sources(model) if source.contract.daily]
        lead = next((source.lead_days for source in sources if source.contract.table == step.table), None)
        if lead is None:
            continue
        night = step.days.shifted(-lead)
        if all(_has(here, source.contract.table, night.shifted(source.lead_days)) for source in sources):
            yield model, night.key


def _has(here: Installation, table: str, day: Days) -> bool:
    return day.first in here.lake.days(table)


def _before(airflow: Airflow, dag: str, night: str, run: Run) -> list[str]:
    """Return the runs of the night that were queued before the ingestion."""
    return [
        known.run_id
        for known in airflow.runs(dag, night)
        if known.queued_at and run.queued_at and known.queued_at < run.queued_at
    ]
