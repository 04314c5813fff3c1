"""Equal pairs on real days: the same recipe, fitted on bootstraps of the same rows, so that neither is better by right.

Every week a recipe is fitted on four bootstraps of its training rows, of 10,000 rows each, and each of these scores the
week's days. A pair is two of the four: drawn again each night, as if each night refitted both, or each week, as a
weekly cadence does; then one of two is the better draw for a week, which the test may detect.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal

import joblib
import numpy as np
import sklearn
from numpy.typing import NDArray

from benchmarks.promotion.bets import Floats
from benchmarks.promotion.row_tests import ROW_TESTS, first_night
from benchmarks.promotion.rows import Row, count
from benchmarks.promotion.rules import RULES
from benchmarks.promotion.simulated import NEVER, first_of
from benchmarks.promotion.years import KEPT, NIGHTS, fingerprint, keep, read_year
from contender.backtesting import History
from contender.measures import predict
from contender.records import identify
from contender.settings import PROJECT
from contender.specs import Catalog, Days, ModelSpec, load_catalog
from contender.training import fingerprint_recipe, fit_recipe, load_functions, training_days

MODELS, SAMPLE, WEEK = 4, 10_000, 7
# Days of a real year hold thousands of rows: of so many pairs, the tests over rows see one.
ROW_TESTS_SEE = 20
Drawn = Literal["each night", "each week"]
DRAWN: tuple[Drawn, ...] = ("each night", "each week")


def measure_real_pairs(runs: int) -> Iterator[Row]:
    """The share of pairs that a rule has promoted after 60 nights, and after all of the year's."""
    catalog = load_catalog(PROJECT / "include" / "catalog")
    for name, nights in NIGHTS.items():
        model = catalog.model(name)
        model = model.model_copy(update={"recipes": model.recipes[:1]})
        history = read_year(catalog, model)
        scores = score_with_many(catalog, model, history, nights)
        outcomes = [history.labels(Days.one(day)) > 0 for day in scores]
        foretold = list(scores.values())
        losses = np.array(
            [((of_day - came) ** 2).mean(axis=1) for of_day, came in zip(foretold, outcomes, strict=True)]
        )
        for drawn in DRAWN:
            incumbents, rivals = draw(drawn, runs, len(losses), np.random.default_rng(6))
            nights_by_rule = _promote(losses, incumbents, rivals, model.outcome_lag)
            seen = max(runs // ROW_TESTS_SEE, 1)
            nights_by_rule |= _test_rows(outcomes, foretold, incumbents[:seen], rivals[:seen])
            for rule, first in nights_by_rule.items():
                for span in (60, len(losses)):
                    yield Row(
                        table="real pairs",
                        rule=rule,
                        data=f"{name}, drawn {drawn}",
                        nights=span,
                        effect=0.0,
                        **count(int((first <= span).sum()), len(first)),
                    )


def score_with_many(
    catalog: Catalog, model: ModelSpec, history: History, nights: Days
) -> dict[date, NDArray[np.float32]]:
    """The predictions of each week's four by day, (MODELS, rows) each; kept below build/."""
    (recipe,) = model.recipes
    home = catalog.model_home(model.name)
    made_from = (fingerprint_recipe(model, recipe, home), fingerprint(history.rows), sklearn.__version__)
    functions = load_functions(home, recipe)
    found: dict[date, NDArray[np.float32]] = {}
    for nth, night in enumerate(list(nights.each())[::WEEK]):
        place = KEPT / model.name / f"{identify('bootstraps', MODELS, SAMPLE, night, *made_from)}.joblib"
        week = Days(first=night, last=min(night + timedelta(days=WEEK - 1), nights.last))
        scored = model.scored_days(week)
        if not place.exists():
            days = training_days(model, recipe, night)
            rows, asked = history.between(days), history.between(scored)
            random = np.random.default_rng((7, nth))
            samples = (rows.iloc[random.integers(len(rows), size=SAMPLE)] for _ in range(MODELS))
            fitted = (fit_recipe(model, recipe, functions, days, sample).estimator for sample in samples)
            keep(
                np.array(
                    [predict(model, one, asked, model.seen_by(recipe)) for one in fitted], dtype=np.float32
                ),
                place,
            )
            print(f"  {model.name}: four fitted for {night}", file=sys.stderr)
        scores, at = joblib.load(place), 0
        for day in scored.each():
            rows_of_day = history.count(day)
            if rows_of_day:
                found[day] = scores[:, at : at + rows_of_day]
            at += rows_of_day
    return found


def draw(
    drawn: Drawn, runs: int, days: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of the four is the incumbent and which the rival, (runs, days) each, never the same."""
    stays = WEEK if drawn == "each week" else 1
    shape = (runs, -(-days // stays))
    incumbents = random.integers(MODELS, size=shape)
    rivals = (incumbents + random.integers(1, MODELS, size=shape)) % MODELS
    return (
        np.repeat(incumbents, stays, axis=1)[:, :days],
        np.repeat(rivals, stays, axis=1)[:, :days],
    )


def _promote(
    losses: Floats, incumbents: NDArray[np.int64], rivals: NDArray[np.int64], lag: int
) -> dict[str, NDArray[np.int64]]:
    days = np.arange(len(losses))
    differences = losses[days, incumbents] - losses[days, rivals]
    return {name: first_of(promotes(differences, lag)) for name, promotes in RULES.items()}


def _test_rows(
    outcomes: list[NDArray[np.bool_]],
    foretold: list[NDArray[np.float32]],
    incumbents: NDArray[np.int64],
    rivals: NDArray[np.int64],
) -> dict[str, NDArray[np.int64]]:
    random = np.random.default_rng(8)
    found: dict[str, list[int]] = {name: [] for name in ROW_TESTS}
    for ours, theirs in zip(incumbents, rivals, strict=True):
        days = [
            (came, of_day[one].astype(np.float64), of_day[other].astype(np.float64))
            for came, of_day, one, other in zip(outcomes, foretold, ours, theirs, strict=True)
        ]
        for name, says in ROW_TESTS.items():
            found[name].append(first_night(days, says, random) or NEVER)
    return {name: np.array(nights) for name, nights in found.items()}
