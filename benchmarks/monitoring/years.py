"""A real year of served days: weekly refreshes predict each day, and monitoring judges it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from benchmarks.monitoring.drills import Injected
from benchmarks.promotion.harm import Year
from benchmarks.promotion.kept import KeptFits
from benchmarks.promotion.years import read_year
from contender.backtesting import Fits
from contender.backtesting.made import Made
from contender.backtesting.monitoring import profile_columns
from contender.drilling import split_days
from contender.measures import choose_loss, predict
from contender.measures.evidence import DAYS_REMEMBERED, FEWEST_DAYS
from contender.monitoring import Performance, conclude
from contender.monitoring.changes import Changes, find_changes
from contender.monitoring.days import REMEMBERED, changed_days, join_changes
from contender.monitoring.performance import add_outcomes
from contender.monitoring.skew import compare_scores
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
        changes = _compare(year, nth, profiles, found, ())
        found.append(_conclude(year, nth, year.rows[day], changes, found))
    return found


def monitor_injected(
    year: ServedYear, quiet: Sequence[Monitored], injected: Injected, start: int, nth: int
) -> Iterator[Monitored]:
    """Yield the results of the days from the day number `start` on, with an injected change.

    Yield none if it changes nothing on the first day, as ten times no rain.
    """
    found = list(quiet[:start])
    changed: list[tuple[DayProfile, DayProfile]] = []
    for since, (day, rows) in enumerate(inject_change(year, injected, start, nth)):
        if since == 0 and rows.equals(year.rows[day].reset_index(drop=True)):
            return
        if injected.changes == {"outcomes"}:
            changes = _changes_of(quiet[start + since])
        else:
            profiles = profile_day(year.model, day, rows)
            changes = _compare(year, start + since, profiles, found, changed)
            changed.append(profiles)
        if injected.changes == {"scores"}:
            version = year.made[day].version.version
            skew = compare_scores(year.model, rows.assign(model_version=version), year.rows[day])
            changes = changes.model_copy(update={"skew": skew})
        found.append(_conclude(year, start + since, rows, changes, found))
        yield found[-1]


def inject_change(
    year: ServedYear, injected: Injected, start: int, nth: int
) -> Iterator[tuple[date, pd.DataFrame]]:
    """Yield the days from the day number `start` on, with changed rows and the predictions of the served version."""
    since = max(0, start - DAYS_BEFORE)
    rows = pd.concat([year.rows[day] for day in year.days[since : start + NIGHTS]], ignore_index=True)
    changed = injected.change(year.model, rows, year.days[start], nth)
    for day, of_day in split_days(changed[changed["day"] >= year.days[start]]):
        of_day = of_day.reset_index(drop=True)
        again = "features" in injected.changes
        yield day, of_day.assign(score=predict_rows(year.model, year.made[day], of_day)) if again else of_day


def _compare(
    year: ServedYear,
    nth: int,
    profiles: tuple[DayProfile, DayProfile],
    past: Sequence[Monitored],
    changed: Sequence[tuple[DayProfile, DayProfile]],
) -> Changes:
    """Compare a day; the last `len(changed)` days before it had these profiles instead of the year's."""
    watch = year.model.monitoring
    before = changed_days(past[-REMEMBERED:], watch)
    quiet = nth - len(changed)
    reach = max(0, quiet - watch.reference_days - REMEMBERED)
    known = [(year.features[day], year.scores[day]) for day in year.days[reach:quiet]]
    features, scores = zip(*known, *changed, strict=True) if known or changed else ((), ())
    of_features = find_changes(profiles[0], features, watch, before)
    return join_changes(of_features, find_changes(profiles[1], scores, watch, before), None)


def _changes_of(monitored: Monitored) -> Changes:
    """Return the changes in the record of a day."""
    return Changes(
        day=monitored.features_day or monitored.day,
        compared=monitored.compared,
        changed=monitored.changes,
        unusual=monitored.unusual,
        distance=monitored.distance,
    )


def _conclude(
    year: ServedYear, nth: int, rows: pd.DataFrame, changes: Changes, past: Sequence[Monitored]
) -> Monitored:
    performance = measure_day(year, year.days[nth], rows)
    return conclude(year.model, performance, changes, past[-(DAYS_REMEMBERED + FEWEST_DAYS) :], str(nth))


def measure_day(year: ServedYear, day: date, rows: pd.DataFrame) -> Performance:
    """Return the performance of a day's predictions in `rows`."""
    model, version = year.model, year.made[day].version.version
    loss = choose_loss(model, PROJECT / "include" / "catalog" / "models" / model.name)
    found = Performance(day=day, version=version, scored_rows=len(rows), measures=None, expected_loss=None)
    return add_outcomes(found, model, loss, rows)
