"""Plan the runs that load a history: which DAG runs for which days, and which table it fills."""

from __future__ import annotations

from datetime import date
from typing import Literal

from contender.specs import Catalog, DatasetSpec, Days, ModelSpec, dag_id
from contender.specs.frozen import Frozen

INGEST_DAYS = 31  # days of one ingestion: small enough to correct, large enough to be quick
BUILD_DAYS = 366  # nights of one build of features


class LoadError(Exception):
    """The history cannot be loaded; the message says what to do instead."""


class Step(Frozen):
    """One run: its DAG, its days, and the days of the table that it fills (None for a table without days)."""

    verb: Literal["ingest", "features", "retrain", "score"]
    dag: str
    days: Days
    table: str
    fills: tuple[date, ...] | None

    @property
    def name(self) -> str:
        """The name of the run, the same in every repetition of the command."""
        return f"load__{self.days.first}_{self.days.last}"

    @property
    def form(self) -> dict[str, str] | None:
        """The form of a run over a range; None for a single day, which is the run's partition key."""
        return None if self.days.is_single else {"first": str(self.days.first), "last": str(self.days.last)}


class LoadPlan(Frozen):
    """The ingestions, which are independent of each other, and then the steps of a model, in order."""

    name: str
    days: Days
    model: str | None
    ingestions: tuple[Step, ...]
    steps: tuple[Step, ...]


def plan_load(catalog: Catalog, name: str, days: Days) -> LoadPlan:
    """Plan the load of a dataset, or of a model with the datasets that it reads.

    A model takes precedence over a dataset of the same name. Raises UnknownNameError, and LoadError for a single day
    of a model.
    """
    catalog.tables_called(name)  # raises UnknownNameError with suggestions
    if name not in catalog.models:
        dataset = catalog.dataset(name)
        return LoadPlan(name=name, days=days, model=None, ingestions=_ingest(dataset, days), steps=())
    model = catalog.model(name)
    if days.is_single:
        raise LoadError(
            f"{name} is a model, whose history is a range of days: write FIRST..LAST, or load the day of a dataset"
        )
    read = [catalog.dataset(source.dataset) for source in model.inputs if source.dataset]
    ingestions = tuple(step for dataset in read for step in _ingest(dataset, _delivered(dataset, days)))
    return LoadPlan(
        name=name,
        days=days,
        model=name,
        ingestions=ingestions,
        steps=(*_build(model, days), *_first(model, days)),
    )


def _delivered(dataset: DatasetSpec, nights: Days) -> Days:
    """Return the days that are delivered up to the last night: a timetable of the next day, for example."""
    if dataset.kind == "reference":
        return nights
    return Days(first=nights.first, last=nights.shifted(dataset.delivery.lead_days).last)


def _ingest(dataset: DatasetSpec, days: Days) -> tuple[Step, ...]:
    # A reference table has no days: its newest delivery replaces it.
    parts = [Days.one(days.last)] if dataset.kind == "reference" else list(days.split(INGEST_DAYS))
    return tuple(
        Step(
            verb="ingest",
            dag=dag_id("ingest", dataset.name),
            days=part,
            table=dataset.contract.table,
            fills=None if dataset.kind == "reference" else _open(dataset, part),
        )
        for part in parts
    )


def _open(dataset: DatasetSpec, days: Days) -> tuple[date, ...]:
    return tuple(day for day in days.each() if day not in dataset.delivery.closed_days)


def _build(model: ModelSpec, days: Days) -> tuple[Step, ...]:
    # Labels of earlier nights would be of days before the history.
    first = days.shifted(model.label_maturity_days).first
    if first >= days.last:
        raise LoadError(
            f"{model.name}: {len(days)} days are too few, since labels are known after {model.label_maturity_days} "
            "days: load a longer history"
        )
    nights = Days(first=first, last=days.last)
    return tuple(
        Step(
            verb="features",
            dag=dag_id("features", model.name),
            days=part,
            table=model.feature_contract.table,
            fills=tuple(model.scored_days(part).each()),
        )
        for part in nights.split(BUILD_DAYS)
    )


def _first(model: ModelSpec, days: Days) -> tuple[Step, ...]:
    """Return the training of the first version, and its first predictions."""
    night = Days.one(days.last)
    scored = tuple(model.scored_days(night).each())
    return (
        Step(
            verb="retrain",
            dag=dag_id("retrain", model.name),
            days=night,
            table=model.shadow_contract.table,
            fills=scored,
        ),
        Step(
            verb="score",
            dag=dag_id("score", model.name),
            days=night,
            table=model.prediction_contract.table,
            fills=scored,
        ),
    )
