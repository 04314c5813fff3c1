"""A real year of served days: weekly refreshes predict each day, and monitoring judges it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from benchmarks.monitoring.drills import Injected
from benchmarks.promotion.harm import YEARS, Year
from benchmarks.promotion.kept import KeptFits
from benchmarks.promotion.years import read_year
from contender.backtesting import Fits
from contender.backtesting.made import Made
from contender.drilling import profile_columns, split_days
from contender.measures import choose_loss, kind_of, measure, predict
from contender.measures.evidence import DAYS_REMEMBERED, FEWEST_DAYS
from contender.monitoring import Performance, conclude
from contender.monitoring.changes import find_changes
from contender.monitoring.days import REMEMBERED, changed_days, join_changes
from contender.records import DayProfile, Monitored
from contender.settings import PROJECT
from contender.specs import Days, ModelSpec, load_catalog

REFRESHED_EVERY = 7
NIGHTS = 21
DAYS_BEFORE = 26 * 7


@dataclass
class ServedYear:
    """The days of a model's year in order, each with its rows, its predictions, and the version that made them."""

    model: ModelSpec
    days: list[date]
    rows: dict[date, pd.DataFrame]
    made: dict[date, Made]
    features: dict[date, DayProfile]
    scores: dict[date, DayProfile]


def serve_year(year: Year) -> ServedYear:
    """Predict each day of a year with the newest weekly refresh; fits are cached below build/."""
    catalog = load_catalog(PROJECT / "include" / "catalog")
    shipped = catalog.model(year.model)
    model = shipped.model_copy(update={"recipes": (shipped.recipe(year.recipe),)})
    fits = KeptFits(catalog, model, read_year(catalog, shipped))
    served = ServedYear(model, [], {}, {}, {}, {})
    newest: Made | None = None
    for nth, night in enumerate(year.nights.each()):
        if nth % REFRESHED_EVERY == 0:
            newest = fits.fit(model.recipes[0], night) or newest
        day = model.scored_days(Days.one(night)).first
        rows = fits.history.between(Days.one(day))
        if newest is not None and len(rows):
            _serve(served, fits, day, rows, newest)
    return served


def _serve(served: ServedYear, fits: Fits, day: date, rows: pd.DataFrame, made: Made) -> None:
    scored = rows.assign(score=predict_rows(fits.model, made, rows))
    served.days.append(day)
    served.rows[day], served.made[day] = scored, made
    served.features[day], served.scores[day] = profile_day(fits.model, day, scored)


def predict_rows(model: ModelSpec, made: Made, rows: pd.DataFrame) -> np.ndarray:
    """Return the predictions of a version for rows."""
    return predict(model, made.fitted.estimator, rows, made.version.features)


def profile_day(model: ModelSpec, day: date, rows: pd.DataFrame) -> tuple[DayProfile, DayProfile]:
    """Return the profiles of a day's features and of its predictions."""
    features = profile_columns(model.feature_contract, model.feature_names, day, rows)
    return features, profile_columns(model.prediction_contract, model.score_names, day, rows)


def monitor_year(year: ServedYear) -> list[Monitored]:
    """Return the results of all days of a quiet year, in order."""
    found: list[Monitored] = []
    for nth, day in enumerate(year.days):
        profiles = (year.features[day], year.scores[day])
        found.append(_conclude(year, nth, year.rows[day], profiles, found, ()))
    return found


def monitor_injected(
    year: ServedYear, quiet: Sequence[Monitored], injected: Injected, start: int, nth: int
) -> list[Monitored]:
    """Return the results of the days from the day number `start` on, with an injected change."""
    found = list(quiet[:start])
    changed: list[tuple[DayProfile, DayProfile]] = []
    for since, (day, rows) in enumerate(inject_change(year, injected, start, nth)):
        profiles = profile_day(year.model, day, rows)
        found.append(_conclude(year, start + since, rows, profiles, found, changed))
        changed.append(profiles)
    return found[start:]


def inject_change(
    year: ServedYear, injected: Injected, start: int, nth: int
) -> Iterator[tuple[date, pd.DataFrame]]:
    """Yield the days from the day number `start` on, with changed rows and the predictions of the served version."""
    since = max(0, start - DAYS_BEFORE)
    rows = pd.concat([year.rows[day] for day in year.days[since : start + NIGHTS]], ignore_index=True)
    changed = injected.change(year.model, rows, year.days[start], nth)
    for day, of_day in split_days(changed[changed["day"] >= year.days[start]]):
        again = injected.of_features
        yield day, of_day.assign(score=predict_rows(year.model, year.made[day], of_day)) if again else of_day


def _conclude(
    year: ServedYear,
    nth: int,
    rows: pd.DataFrame,
    profiles: tuple[DayProfile, DayProfile],
    past: Sequence[Monitored],
    changed: Sequence[tuple[DayProfile, DayProfile]],
) -> Monitored:
    """Judge a day; the last `len(changed)` days before it had these profiles instead of the year's."""
    before = changed_days(past[-REMEMBERED:])
    quiet = nth - len(changed)
    reach = max(0, quiet - year.model.monitoring.reference_days - REMEMBERED)
    known = [(year.features[day], year.scores[day]) for day in year.days[reach:quiet]]
    features, scores = zip(*known, *changed, strict=True) if known or changed else ((), ())
    watch = year.model.monitoring
    of_features = find_changes(profiles[0], features, watch, before)
    of_scores = find_changes(profiles[1], scores, watch, before)
    changes = join_changes(of_features, of_scores)
    performance = _measure(year, year.days[nth], rows)
    return conclude(year.model, performance, changes, past[-(DAYS_REMEMBERED + FEWEST_DAYS) :], str(nth))


def _measure(year: ServedYear, day: date, rows: pd.DataFrame) -> Performance:
    model, kind = year.model, kind_of(year.model)
    loss = choose_loss(model, PROJECT / "include" / "catalog" / "models" / model.name)
    outcomes, scores = kind.encode(rows["label"]), rows["score"].to_numpy(np.float64)
    return Performance(
        day=day,
        version=year.made[day].version.version,
        scored_rows=len(rows),
        measures=measure(model, loss, outcomes, scores),
        expected_loss=None,
        estimated_loss=None if kind.estimate is None else kind.estimate(loss, scores),
    )


def all_years() -> list[ServedYear]:
    """Return the years of both daily examples."""
    return [serve_year(year) for year in YEARS]
