"""The versions of a backtest and their predictions: each is fitted once, for all policies."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Self

import numpy as np
import pandas as pd

from contender.backtesting.history import BacktestError, History
from contender.backtesting.made import Made
from contender.evaluating import (
    judged_days,
)
from contender.lake import Sample, draw_rows
from contender.measures import (
    PredictionError,
    Predictions,
    predict,
    read_scores,
    split_scores,
    try_predict,
)
from contender.records import TrainingSketch
from contender.sketches import sketch_rows
from contender.specs import Catalog, Days, ModelSpec, Recipe
from contender.training import (
    FitInputs,
    fit_recipe,
    load_functions,
    record_fit,
    training_days,
)

# Changes the rows of a day with their scores, as a fault of serving does.
Fault = Callable[[pd.DataFrame], pd.DataFrame]


class Versions:
    """All versions that were fitted on a history, by number; policies and cadences share them."""

    def __init__(self, catalog: Catalog, model: ModelSpec, history: History) -> None:
        self.model, self.history = model, history
        self.made: dict[int, Made] = {}
        self.failed: dict[date, list[str]] = {}
        self._catalog, home = catalog, catalog.model_home(model.name)
        self._functions = {recipe.name: load_functions(home, recipe) for recipe in model.all_recipes}
        self._fitted: dict[tuple[str, date], Made | None] = {}
        self._sketched: dict[Days, TrainingSketch] = {}
        self._fault: Fault | None = None
        self.is_drilled = False  # whether the history was changed, and the verdicts on it are asked for

    def on_changed(self, history: History, start: date, fault: Fault | None = None) -> Self:
        """Return fits on a history that differs from the day `start` on, with the versions of nights before it.

        A `fault` changes the served scores.
        """
        other = type(self)(self._catalog, self.model, history)
        other._fault, other.is_drilled = fault, True
        other.made = {number: made.before(start) for number, made in self.made.items()}
        other._fitted = {
            (recipe, night): None if made is None else other.made[made.version.version]
            for (recipe, night), made in self._fitted.items()
            if self.model.scored_days(Days.one(night)).last < start
        }
        return other

    def fit_all(self, night: date) -> tuple[Made, ...]:
        """Return a night's versions of all recipes; one that cannot be fitted is skipped, as in the DAG."""
        fitted = [self.fit_once(recipe, night) for recipe in self.model.recipes]
        return tuple(made for made in fitted if made is not None)

    def fit_once(self, recipe: Recipe, night: date) -> Made | None:
        """Return a night's version of a recipe, fitted when it is first asked for; None if it could not be fitted."""
        if (recipe.name, night) not in self._fitted:
            self._fitted[recipe.name, night] = self.fit(recipe, night)
        return self._fitted[recipe.name, night]

    def judgeable(self, night: date) -> bool:
        """Return whether the evaluated days of a night have labelled rows; if not, note it in `failed`."""
        days = judged_days(self.model, night)
        if self.labelled(days, night).empty:
            self._note(night, f"no labelled rows from {days.first} to {days.last} to evaluate on")
            return False
        return True

    def fit(self, recipe: Recipe, night: date, instead: pd.DataFrame | None = None) -> Made | None:
        """Fit a recipe for a night, on its days' rows or on `instead`; None, with a note in `failed`, if it fails."""
        days = training_days(self.model, recipe, night)
        rows = self.labelled(days, night) if instead is None else instead
        began = time.process_time()
        try:
            drawn = draw_rows(self.model, rows, recipe.max_rows, recipe.seed)
            fitted = fit_recipe(self.model, recipe, self._functions[recipe.name], days, drawn)
            cpu = time.process_time() - began
            inputs = FitInputs(self.model, recipe, night, days, Sample(drawn, len(rows)), self.history.pins)
            recorded = record_fit(self._catalog, inputs, fitted, code="backtest", packages="backtest")
        except Exception as error:  # a recipe may raise anything; the others must still be fitted
            self._note(night, f"recipe {recipe.name!r} could not be fitted: {_first_line(error)}")
            return None
        version = recorded.model_copy(update={"version": len(self.made) + 1})
        sketch = (
            self._sketch(days, rows) if drawn is rows and instead is None else sketch_rows(self.model, drawn)
        )
        made = Made(version, fitted, sketch, cpu)
        self.made[version.version] = made
        # The evaluated and the scored days, and one more: the next night evaluates the champion on it.
        first, last = judged_days(self.model, night).first, self.model.scored_days(Days.one(night)).last
        self._predict(made, Days(first=first, last=last + timedelta(days=1)))
        return made

    def labelled(self, days: Days, night: date) -> pd.DataFrame:
        """Return the rows of these days whose outcomes are known in a night."""
        rows = self.history.between(days)
        return rows if self.history.late is None else rows[self.history.known(days, night)]

    def _sketch(self, days: Days, rows: pd.DataFrame) -> TrainingSketch:
        """Return the sketch of training rows, which recipes with the same window share."""
        if days not in self._sketched:
            self._sketched[days] = sketch_rows(self.model, rows)
        return self._sketched[days]

    def _note(self, night: date, line: str) -> None:
        lines = self.failed.setdefault(night, [])
        if line not in lines:
            lines.append(line)

    def _predict(self, made: Made, days: Days) -> None:
        rows = self.history.between(days)
        if not len(rows):
            return
        baseline = _predict_baseline(self.model, made, rows, days)
        scores, failure = try_predict(self.model, made.fitted.estimator, rows, made.version.features)
        if failure is not None:
            if days.first != days.last:  # only the days with such rows fail
                for day in days.each():
                    self._predict(made, Days.one(day))
                return
            made.failures[days.first] = failure
            message = f"recipe {made.version.recipe!r} cannot predict {days.first}: {failure}"
            self._note(made.version.night, message)
        at = 0
        for day in days.each():
            count = self.history.count(day)
            made.scores[day] = scores[at : at + count]
            made.baseline[day] = baseline[at : at + count]
            at += count

    def scores(self, version: int, days: Days) -> Predictions:
        """Return a version's predictions for the rows of these days."""
        made = self.made[version]
        missing = [day for day in days.each() if day not in made.scores]
        if missing:
            self._predict(made, Days(first=missing[0], last=missing[-1]))
        return _joined([made.scores[day] for day in days.each() if day in made.scores])

    def baselines(self, version: int, days: Days) -> Predictions:
        """Return the predictions of the baseline that was fitted with a version."""
        self.scores(version, days)
        made = self.made[version]
        return _joined([made.baseline[day] for day in days.each() if day in made.baseline])

    def served_rows(self, version: int, day: date) -> pd.DataFrame:
        """Return the rows of a day with the scores that a version serves for them."""
        rows = self.history.between(Days.one(day))
        rows = rows.assign(**split_scores(self.model, self.scores(version, Days.one(day))))
        return rows if self._fault is None else self._fault(rows)

    def served_scores(self, version: int, day: date) -> Predictions:
        """Return the scores that a version serves for the rows of a day."""
        if self._fault is None or not self.history.count(day):
            return self.scores(version, Days.one(day))
        return read_scores(self.model, self.served_rows(version, day))


def _predict_baseline(model: ModelSpec, made: Made, rows: pd.DataFrame, days: Days) -> Predictions:
    try:
        return predict(model, made.fitted.baseline, rows, model.baseline_features)
    except PredictionError as error:
        raise BacktestError(
            f"{model.name}: the baseline fitted for night {made.version.night} cannot score {days.key}: "
            f"{error}: correct its features, {', '.join(model.baseline_features)}"
        ) from error


def _joined(parts: Sequence[Predictions]) -> Predictions:
    joined: Predictions = np.concatenate(parts) if parts else np.empty(0)
    return joined


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
