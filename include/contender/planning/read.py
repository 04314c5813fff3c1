"""Read the facts of a night from the stores, without changing anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from contender.featurizing import find_engine
from contender.installation import Installation
from contender.lake import pin_examples
from contender.landing import LandingError, find_files
from contender.planning.changes import PastRecipe
from contender.planning.costs import NIGHTS, NightTimes
from contender.planning.deliveries import SeenInput
from contender.planning.facts import Facts
from contender.planning.nights import Progress, find_next_night
from contender.planning.plan import NightPlan, plan_night, plan_nothing
from contender.promoting import shadow_streams, still_since
from contender.records import MACHINE, Entry, Standing
from contender.retraining import InstalledStores, find_newest, judge_night, list_recipes
from contender.specs import DatasetSpec, Days, ModelSpec, expected_at, expected_days
from contender.specs.catalog import Source
from contender.training import digest_sources, fingerprint_recipe, training_days

_ENTRIES = 100


class _Asked(NamedTuple):
    """The night to read about, and when."""

    now: datetime
    night: date
    following: date | None
    progress: Progress


def read_plan(here: Installation, model: ModelSpec, now: datetime, asked: date | None = None) -> NightPlan:
    """Plan the next night of a model, or the night that was asked for, at a time (timezone-aware)."""
    progress = _read_progress(here, model)
    following = find_next_night(progress, here.settings.nightly_from)
    night = asked or following
    if night is None:
        return plan_nothing(model)
    return plan_night(model, _read_facts(here, model, _Asked(now, night, following, progress)))


def _read_progress(here: Installation, model: ModelSpec) -> Progress:
    lake, ahead = here.lake, timedelta(days=model.horizon_days)
    built, trained, scored = (
        None if (day := lake.newest_day(contract.table)) is None else day - ahead
        for contract in (model.feature_contract, model.shadow_contract, model.prediction_contract)
    )
    days = [
        (lake.newest_day(source.contract.table), source.lead_days) for source in daily_sources(here, model)
    ]
    nights = [day - timedelta(days=lead) for day, lead in days if day is not None]
    delivered = min(nights) if nights and len(nights) == len(days) else None
    return Progress(delivered=delivered, built=built, trained=trained, scored=scored)


def _read_facts(here: Installation, model: ModelSpec, asked: _Asked) -> Facts:
    stores, home = InstalledStores(here, model), here.catalog.model_home(model.name)
    standing, verdict = stores.standing(), judge_night(stores, asked.night)
    recipes, continued = list_recipes(stores) if verdict.due else (), find_newest(stores, asked.night)
    windows = [training_days(model, recipe, asked.night) for recipe in model.recipes]
    windows += [training_days(model, model.recipe(name), asked.night) for name in recipes]
    last = model.scored_days(Days.one(asked.night)).last
    read = Days(first=min(days.first for days in windows), last=max(last, *(days.last for days in windows)))
    features, labels = (
        {day: file.rows for day, file in here.lake.day_files(contract.table, read).items()}
        for contract in (model.feature_contract, model.label_contract)
    )
    engine, input_rows = find_engine(here.catalog, model, Days.one(asked.night), here.lake, here.settings)
    return Facts(
        **asked._asdict(),
        inputs=tuple(
            read_input(here, source, asked.night, asked.now) for source in daily_sources(here, model)
        ),
        engine=engine,
        input_rows=input_rows,
        feature_rows=features,
        label_rows=labels,
        pins=pin_examples(here.lake, model),
        standing=standing,
        verdict=verdict,
        recipes=recipes,
        continued=0 if verdict.due else len(continued),
        fingerprints={name: fingerprint_recipe(model, model.recipe(name), home) for name in recipes},
        sources=digest_sources(home),
        past=_read_past(here, model),
        champion_recipe=_find_refreshed(here, model, standing),
        streams=_count_streams(stores, standing, asked.night),
        times=tuple(read_times(here, model, asked.night)),
    )


def daily_sources(here: Installation, model: ModelSpec) -> list[Source]:
    """Return the inputs of a model that a night waits for."""
    return [source for source in here.catalog.sources(model) if source.contract.daily]


def read_input(here: Installation, source: Source, night: date, now: datetime) -> SeenInput:
    """Read what lake, book and landing zone contain about a daily input of a night."""
    table, days = source.contract.table, Days.one(night).shifted(source.lead_days)
    dataset = next((d for d in here.catalog.datasets.values() if d.contract.table == table), None)
    gate = here.book.gates.newest_for(table, days)
    at = None if dataset is None or here.settings.nightly_from is None else expected_at(dataset, days.last)
    grace = timedelta(hours=0 if dataset is None else dataset.delivery.grace_hours)
    return SeenInput(
        table=table,
        day=days,
        expected_at=at,
        due=_due_of_predictions(here, table, days.last, now) if at is None else at + grace,
        published=bool(here.lake.day_files(table, days)) or here.book.publications.contains(table, days),
        failed=gate is not None and gate.verdict == "fail",
        landed=None if dataset is None else _is_landed(here, dataset, days.last),
        closed=dataset is not None and days.last in dataset.delivery.closed_days,
    )


def _due_of_predictions(here: Installation, table: str, day: date, now: datetime) -> datetime | None:
    """Return when a day of another model's predictions was due; None if it is not due yet."""
    expected = expected_days(here.catalog, now, here.settings.nightly_from).get(table)
    return expected.due if expected is not None and expected.day >= day else None


def _is_landed(here: Installation, dataset: DatasetSpec, day: date) -> bool | None:
    """Return whether files of a day are in the landing zone; None for a query, or if it cannot be listed."""
    delivery = dataset.delivery
    if delivery.path is None or not delivery.is_dated:
        return None
    try:
        return bool(find_files(here.settings, delivery.path_of(day)))
    except LandingError:
        return None


def _read_past(here: Installation, model: ModelSpec) -> tuple[PastRecipe, ...]:
    book = here.book
    return tuple(
        PastRecipe(
            version=one.challenger,
            contract=None if one.contract is None else book.documents.text(one.contract),
        )
        for one in book.evaluations.newest_of_recipes(model.name)
    )


def _find_refreshed(here: Installation, model: ModelSpec, standing: Standing | None) -> str | None:
    """Return the fingerprint of the recipe whose versions are refreshes: in a break, the one before it."""
    if standing is None:
        return None
    evaluation = here.book.evaluations.of_version(model.name, standing.champion)
    if evaluation is None or (standing.recipe and evaluation.challenger.strategy):
        return standing.recipe
    return evaluation.challenger.recipe_fingerprint


def _count_streams(stores: InstalledStores, standing: Standing | None, night: date) -> int:
    """Return the number of earlier versions that score in shadow."""
    then = still_since(stores.model, standing, night)
    kept_still = None if then is None else stores.served_on(then)
    return len(shadow_streams(standing, (), kept_still))


def read_times(here: Installation, model: ModelSpec, before: date) -> Iterator[NightTimes]:
    """Yield the times of the newest nights before one, as recorded in the book."""
    by_night: dict[date, list[Entry]] = defaultdict(list)
    for entry in here.book.ledger.newest(model.name, limit=_ENTRIES):
        decision = entry.decision
        if decision.night < before and decision.by == MACHINE and decision.answered_at is None:
            by_night[decision.night].append(entry)
    for night in sorted(by_night, reverse=True)[:NIGHTS]:
        days = Days.one(night)
        inputs = [
            _gated_at(here, source.contract.table, days.shifted(source.lead_days))
            for source in daily_sources(here, model)
        ]
        known = [at for at in inputs if at is not None]
        grounds = [one.decision.grounds for one in by_night[night] if one.decision.grounds is not None]
        yield NightTimes(
            night=night,
            delivered=max(known) if known and len(known) == len(inputs) else None,
            built=_gated_at(here, model.feature_contract.table, model.scored_days(days)),
            decided=max(one.entered for one in by_night[night]),
            scored=_gated_at(here, model.prediction_contract.table, model.scored_days(days)),
            versions=max((len(one.evaluations) for one in grounds), default=None),
        )


def _gated_at(here: Installation, table: str, days: Days) -> datetime | None:
    gate = here.book.gates.newest_for(table, days)
    return None if gate is None or gate.verdict == "fail" else gate.at
