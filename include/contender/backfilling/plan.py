"""Plan a backfill: which runs repeat which days, and what stays unchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median

from contender.admission import find_superseded
from contender.orchestrator import Run
from contender.records import TrainedVersion
from contender.specs import Catalog, Days, DaysError, ModelSpec, affected_nights, dag_id, resolve_days
from contender.specs.catalog import Source
from contender.specs.frozen import Frozen


class BackfillError(Exception):
    """The days cannot be backfilled; the message says what to do instead."""


class Step(Frozen):
    """A DAG and the range of days that it repeats."""

    dag: str
    days: Days
    why: str


class BackfillPlan(Frozen):
    """The steps of a backfill, in order, and the versions and predictions that it leaves unchanged."""

    dataset: str
    days: Days
    steps: tuple[Step, ...]
    outdated: tuple[TrainedVersion, ...]
    served: tuple[str, ...]


def plan_backfill(
    catalog: Catalog,
    dataset: str,
    days: Days,
    held: Mapping[str, Sequence[date]],
    versions: Sequence[TrainedVersion],
) -> BackfillPlan:
    """Plan the backfill of these days of a dataset.

    `held` contains the days of each daily table, `versions` all versions that were ever evaluated. Raises
    BackfillError for a reference dataset, and for the newest day, which its own night corrects.
    """
    spec = catalog.dataset(dataset)
    if spec.kind == "reference":
        raise BackfillError(
            f"{dataset} is replaced as a whole: start {dag_id('ingest', dataset)} for the day instead"
        )
    newest = max(held.get(spec.contract.table, ()), default=None)
    if newest is not None and newest in days:
        raise BackfillError(
            f"{newest} is the newest day of {dataset}, which its own night corrects: start "
            f"{dag_id('ingest', dataset)} with the day {newest}, and backfill only the days before it"
        )
    readers = [
        (model, source)
        for model in catalog.models.values()
        for source in catalog.sources(model)
        if source.contract.table == spec.contract.table
    ]
    steps = [Step(dag=dag_id("ingest", dataset), days=days, why=f"{dataset} delivered again")]
    for model, source in readers:
        if nights := touched_nights(model, source, days, held.get(model.feature_contract.table, ())):
            why = f"features and labels that are built from {dataset}"
            steps.append(Step(dag=dag_id("features", model.name), days=nights, why=why))
    return BackfillPlan(
        dataset=dataset,
        days=days,
        steps=tuple(steps),
        outdated=find_superseded(catalog, spec.contract.table, list(days.each()), versions),
        served=tuple(dict.fromkeys(model.prediction_contract.table for model, _ in readers)),
    )


def touched_nights(model: ModelSpec, source: Source, days: Days, features: Sequence[date]) -> Days | None:
    """Return the nights with built features that read any of these days of a source."""
    if not features:
        return None
    horizon = timedelta(days=model.horizon_days)
    nights = affected_nights(model, source, days)
    first, last = max(nights.first, min(features) - horizon), min(nights.last, max(features) - horizon)
    return Days(first=first, last=last) if first <= last else None


def estimate(step: Step, past: Sequence[Run]) -> float | None:
    """Estimate the seconds of a step from successful runs of its DAG; None without such runs.

    Runs of single days show the fixed part of the duration, the longest range shows the part per day.
    """
    known = [(_days_of(run), run.seconds) for run in past if run.state == "success" and run.seconds]
    sizes = [(days, seconds) for days, seconds in known if days and seconds]
    if not sizes:
        return None
    single = [seconds for days, seconds in sizes if days == 1]
    largest, longest = max(sizes)
    return max(median(single) if single else 0.0, longest / largest * len(step.days))


def _days_of(run: Run) -> int | None:
    try:
        return len(resolve_days(run.partition_key, run.conf))
    except DaysError:
        return None
