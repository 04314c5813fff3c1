"""The versions of a backtest: each fitted once, its predictions made once a day."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from contender.backtesting.history import History
from contender.evaluating import Examined, examine, judged_days
from contender.measures import Predictions, choose_loss, mean_loss
from contender.records import TrainedVersion, TrainingSketch
from contender.registry import UnsafeModel, predict
from contender.sketches import sketch_rows
from contender.specs import Catalog, Days, ModelSpec, Recipe, load_behaviour
from contender.specs.frozen import Frozen
from contender.training import (
    Fitted,
    TrainingError,
    fit_recipe,
    load_functions,
    record_fit,
    training_days,
)


class ServedDay(Frozen):
    """The mean loss of what served for a day; of the version of that number, or of a kind of model."""

    day: date
    version: int | None
    loss: float
    rows: int


@dataclass
class Made:
    """A fitted version, and its predictions by day."""

    version: TrainedVersion
    fitted: Fitted
    sketch: TrainingSketch
    cpu: float
    examined: Examined | None = None
    scores: dict[date, Predictions] = field(default_factory=dict)
    baseline: dict[date, Predictions] = field(default_factory=dict)


class Fits:
    """Every version that was fitted on a history, by its number."""

    def __init__(self, catalog: Catalog, model: ModelSpec, history: History) -> None:
        self.model, self.history = model, history
        self.catalog, self.home = catalog, catalog.model_home(model.name)
        self.behaviour = load_behaviour(self.home)
        self.loss = choose_loss(model, self.home)
        self.functions = {recipe.name: load_functions(self.home, recipe) for recipe in model.recipes}
        self.made: dict[int, Made] = {}
        self.failed: list[str] = []

    def fit_all(self, night: date) -> list[Made]:
        """Fit every recipe for a night; one that cannot be fitted stays out tonight."""
        if self.history.between(judged_days(self.model, night)).empty:
            self.failed.append(f"{night}: no labelled rows to judge on")
            return []
        fitted = [self._fit(recipe, night) for recipe in self.model.recipes]
        return [made for made in fitted if made is not None]

    def _fit(self, recipe: Recipe, night: date) -> Made | None:
        days = training_days(self.model, recipe, night)
        rows = self.history.between(days)
        began = time.process_time()
        try:
            fitted = fit_recipe(self.model, recipe, self.functions[recipe.name], days, rows)
            cpu = time.process_time() - began
            recorded = record_fit(
                *(self.catalog, self.model, recipe, night, days, rows, fitted, self.history.pins),
                code="backtest",
                packages="backtest",
            )
        except (TrainingError, UnsafeModel) as error:
            self.failed.append(f"{night}: {error}")
            return None
        version = recorded.model_copy(update={"version": len(self.made) + 1})
        made = Made(version, fitted, sketch_rows(self.model, rows), cpu)
        self.made[version.version] = made
        span = Days(
            first=judged_days(self.model, night).first, last=self.model.scored_days(Days.one(night)).last
        )
        self._predict(made, span)
        return made

    def _predict(self, made: Made, days: Days) -> None:
        rows = self.history.between(days)
        if not len(rows):
            return
        scores = predict(self.model, made.fitted.estimator, rows, made.version.features)
        baseline = predict(self.model, made.fitted.baseline, rows, self.model.baseline_features)
        at = 0
        for day in days.each():
            count = len(self.history.between(Days.one(day)))
            made.scores[day] = scores[at : at + count]
            made.baseline[day] = baseline[at : at + count]
            at += count

    def examine(self, version: int, days: Days) -> Examined:
        """What a version was seen to do on the days that it is judged on; once is enough."""
        made = self.made[version]
        if made.examined is None:
            rows, scores = self.history.between(days), self.scores(version, days)
            features = made.version.features
            made.examined = examine(self.model, self.behaviour, made.fitted.estimator, rows, features, scores)
        return made.examined

    def scores(self, version: int, days: Days) -> Predictions:
        """A version's predictions for the rows of these days."""
        made = self.made[version]
        for day in days.each():
            if day not in made.scores:
                self._predict(made, Days.one(day))
        return _joined([made.scores.get(day, np.empty(0)) for day in days.each()])

    def baselines(self, version: int, days: Days) -> Predictions:
        """The predictions of the baseline beside a version."""
        self.scores(version, days)
        made = self.made[version]
        return _joined([made.baseline.get(day, np.empty(0)) for day in days.each()])

    def serve(self, version: int, day: date) -> list[ServedDay]:
        """The loss of a version on a day; nothing for a day without rows."""
        return self._measure(version, day, self.scores(version, Days.one(day)))

    def serve_baseline(self, version: int, day: date) -> list[ServedDay]:
        """The loss of the baseline beside a version on a day; nothing for a day without rows."""
        return self._measure(None, day, self.baselines(version, Days.one(day)))

    def _measure(self, version: int | None, day: date, scores: Predictions) -> list[ServedDay]:
        rows = self.history.between(Days.one(day))
        if rows.empty:
            return []
        loss = mean_loss(self.loss, rows["label"].to_numpy(np.float64), scores)
        return [ServedDay(day=day, version=version, loss=loss, rows=len(rows))]


def _joined(parts: Sequence[Predictions]) -> Predictions:
    joined: Predictions = np.concatenate(parts) if parts else np.empty(0)
    return joined
