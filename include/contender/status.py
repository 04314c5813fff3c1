"""The status of all datasets and models, read from the book of record alone: no lake and no registry is opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import Field

from contender.installation import Installation
from contender.records import Book, FitVerdict, Measures, Monitored, Verdict
from contender.specs import DatasetSpec, ModelSpec
from contender.specs.frozen import Frozen


class DatasetStatus(Frozen):
    """A dataset's newest published day, and the result of its last gate."""

    name: str
    owner: str
    last_good_day: date | None
    rows_of_last_gate: int | None
    last_verdict: Verdict | None
    last_judged: str | None


class ModelStatus(Frozen):
    """A model's champion with its measures when it was evaluated, and its last night."""

    name: str
    owner: str
    champion: int | None
    trained_on: str | None
    measures: Measures | None
    last_night: date | None
    last_decision: str | None
    last_scored_day: date | None
    last_monitored: Monitored | None
    fit: FitVerdict | None = Field(
        default=None, description="whether a fit was due in the newest night; None for nightly fits"
    )
    caveats: tuple[str, ...] = ()


class Status(Frozen):
    """All datasets and models of an installation."""

    datasets: tuple[DatasetStatus, ...]
    models: tuple[ModelStatus, ...]


def read_status(installation: Installation) -> Status:
    """Read the status of every dataset and model: days from publications, the champion from the ledger."""
    catalog = installation.catalog
    if not catalog.datasets and not catalog.models:
        return Status(datasets=(), models=())  # an empty catalog may not have any stores yet
    book = installation.book
    published = book.publications.newest_days()
    return Status(
        datasets=tuple(_dataset(spec, book, published) for spec in catalog.datasets.values()),
        models=tuple(_model(spec, book, published) for spec in catalog.models.values()),
    )


def describe_next_step(status: Status) -> str:
    """Return what to do next with an installation: draft, load, or look at the last night."""
    if not status.datasets:
        return "draft the contract of your first dataset: contender new dataset NAME --from FILE"
    waiting = [model.name for model in status.models if model.champion is None]
    if waiting:
        return f"load history and train the first version: contender load {waiting[0]} FIRST..LAST"
    unloaded = [dataset.name for dataset in status.datasets if dataset.last_judged is None]
    if unloaded:
        return (
            f"put deliveries into the landing zone, and load them: contender load {unloaded[0]} FIRST..LAST"
        )
    if not status.models:
        return f"draft a model: contender new model NAME --from {status.datasets[0].name}"
    return f"see the decisions of the nights: contender ledger {status.models[0].name} --why"


def _dataset(spec: DatasetSpec, book: Book, published: Mapping[str, date]) -> DatasetStatus:
    table = spec.contract.table
    gate = book.gates.newest_of(table)
    return DatasetStatus(
        name=spec.name,
        owner=spec.owner,
        last_good_day=published.get(table) if spec.contract.daily else None,
        rows_of_last_gate=None if gate is None else gate.rows,
        last_verdict=None if gate is None else gate.verdict,
        last_judged=None if gate is None else gate.days.key,
    )


def _model(spec: ModelSpec, book: Book, published: Mapping[str, date]) -> ModelStatus:
    head = book.ledger.head(spec.name)
    decided = None if head is None else head.decision
    champion = None if decided is None else decided.champion_after
    evaluation = None if champion is None else book.evaluations.of_version(spec.name, champion)
    return ModelStatus(
        name=spec.name,
        owner=spec.owner,
        champion=champion,
        trained_on=None if evaluation is None else evaluation.challenger.trained_on.key,
        measures=None if evaluation is None else evaluation.challenger_measures,
        last_night=None if decided is None else decided.night,
        last_decision=None if decided is None else decided.kind,
        last_scored_day=published.get(spec.prediction_contract.table),
        last_monitored=book.monitored.newest_of(spec.name),
        fit=None if spec.cadence.is_nightly else book.fit_verdicts.newest_of(spec.name),
        caveats=()
        if champion is None
        else tuple(c.why for c in book.caveats.of_version(spec.name, champion)),
    )
