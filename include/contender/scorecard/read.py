"""Read the evidence of a model from the book of record, the catalog and the reports folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from contender.installation import Installation
from contender.lake import places
from contender.records import Act, Book, Entry, Evaluation, Incident, Question
from contender.scorecard.evidence import NIGHTS, Evidence, ReplayResult
from contender.scorecard.junit import read_test_run
from contender.specs import ACCESS_FILE, ModelSpec, dag_id

_QUESTIONS: tuple[Question, ...] = ("race", "still", "recovery")
_NEWEST = 100  # incidents that are looked at


class _Replay(BaseModel):
    """The fields that are read of the output of `contender replay --json`."""

    model_config = ConfigDict(protected_namespaces=())

    model: str
    entry: int
    night: date
    identical: bool


def read_evidence(here: Installation, model: str) -> Evidence:
    """Return what the stores contain about a model.

    Raises UnknownNameError for an unknown model, and BookError without a book of record.
    """
    spec, book = here.catalog.model(model), here.book
    inputs = tuple(source.contract for source in here.catalog.sources(spec))
    tables = (spec.feature_contract.table, *(contract.table for contract in inputs))
    evaluations = tuple(book.evaluations.newest(model, NIGHTS * len(spec.all_recipes)))
    entries = tuple(book.ledger.history(model))
    found = _list_reports(here.settings.reports)
    return Evidence(
        model=spec,
        inputs=inputs,
        gates={table: tuple(book.gates.newest(table, NIGHTS)) for table in tables},
        versions=tuple(sorted(book.evaluations.trained_versions([model]), key=lambda one: one.version)),
        evaluations=evaluations,
        entries=entries,
        monitored=tuple(book.monitored.newest(model, NIGHTS)),
        shadows=tuple(book.publications.newest(spec.shadow_contract.table, NIGHTS)),
        paired=tuple(_read_paired(book, spec, entries)),
        incidents=tuple(_read_incidents(book, spec)),
        acts=tuple(_read_acts(book, tables)),
        documents=frozenset(_find_documents(book, evaluations, entries[: len(evaluations)])),
        reports=tuple(place for place in found if _is_report(place, model)),
        replays=tuple(_read_replays(found, model)),
        test_runs=tuple(
            run
            for place in found
            if places.name_of(place).startswith("junit-") and place.endswith(".xml")
            if (run := read_test_run(place, places.read(place))) is not None
        ),
    )


def _read_incidents(book: Book, model: ModelSpec) -> list[Incident]:
    """Return the newest incidents whose cause is an input of the model."""
    causes = [dag_id("ingest", source.dataset) for source in model.inputs if source.dataset]
    causes += [dag_id("score", source.predictions_of) for source in model.inputs if source.predictions_of]
    return book.incidents.newest(causes, _NEWEST)


def _read_acts(book: Book, tables: Iterable[str]) -> list[Act]:
    """Return the newest act of each kind about access rights and the model's tables, newest first."""
    found = [book.acts.newest_of("granted", ACCESS_FILE), book.acts.newest_of("erased", "lake")]
    for table in tables:
        dataset = table.partition(".")[2]  # an erasure names the dataset, or `lake` for all tables
        found += [book.acts.newest_of("read", table), book.acts.newest_of("erased", dataset)]
    return sorted((act for act in found if act is not None), key=lambda one: one.at, reverse=True)


def _read_paired(book: Book, model: ModelSpec, entries: Sequence[Entry]) -> list[date]:
    """Return the newest days on which shadow predictions were compared with outcomes, newest first."""
    if not entries:
        return []
    since = entries[0].decision.night - timedelta(days=NIGHTS + model.outcome_lag)
    pairs = (pair for question in _QUESTIONS for pair in book.pairs.since(model.name, question, since))
    return sorted({pair.day for pair in pairs}, reverse=True)


def _find_documents(book: Book, evaluations: Iterable[Evaluation], entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the ids of the stored contracts and package lists that records refer to."""
    named = {one.contract for one in evaluations}
    for entry in entries:
        named.add(entry.decision.environment)
        named.add(entry.decision.grounds.contract if entry.decision.grounds else None)
    for name in named:
        if name is not None and book.documents.text(name) is not None:
            yield name


def _list_reports(folder: str) -> list[str]:
    return [found.place for found in places.files(folder)]


def _is_report(place: str, model: str) -> bool:
    name = places.name_of(place)
    drilled = name.startswith("drill-") and f"-{model}-" in name
    return name.endswith(".html") and (drilled or name.startswith(f"backtest-{model}-"))


def _read_replays(found: Iterable[str], model: str) -> Iterator[ReplayResult]:
    """Yield the stored replays of a model; files that are none are left out."""
    for place in found:
        name = places.name_of(place)
        if not (name.startswith(f"replay-{model}-") and name.endswith(".json")):
            continue
        try:
            one = _Replay.model_validate_json(places.read(place))
        except ValidationError:
            continue
        if one.model == model:
            yield ReplayResult(file=place, entry=one.entry, night=one.night, identical=one.identical)
