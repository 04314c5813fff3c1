"""The versions of a backtest: each is fitted, evaluated, paired and scored once, for all policies."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from contender.backtesting.history import BacktestError, History
from contender.backtesting.made import Made, ServedDay
from contender.evaluating import (
    Contestants,
    Examined,
    Observed,
    Predicted,
    ScoredDay,
    Streams,
    agree_on,
    examine,
    find_absent,
    judge,
    judged_days,
    pair_scores,
    read_criteria,
)
from contender.measures import Agreement, Loss, PredictionError, Predictions, mean_loss, predict, try_predict
from contender.records import Evaluation, PairedDay, TrainedVersion, TrainingSketch
from contender.sketches import compare_sketches, sketch_rows
from contender.specs import Catalog, Days, ModelSpec, Recipe
from contender.training import (
    FitInputs,
    fit_recipe,
    load_functions,
    record_fit,
    training_days,
)


class Fits:
    """All versions that were fitted on a history, by number; policies and cadences share them."""

    def __init__(self, catalog: Catalog, model: ModelSpec, history: History) -> None:
        self.model, self.history = model, history
        self.made: dict[int, Made] = {}
        self.failed: dict[date, list[str]] = {}
        self._catalog, home = catalog, catalog.model_home(model.name)
        self._criteria = read_criteria(model, home)
        self._functions = {recipe.name: load_functions(home, recipe) for recipe in model.recipes}
        self._nights: dict[date, tuple[Made, ...]] = {}
        self._sketched: dict[Days, TrainingSketch] = {}
        self._judged: dict[tuple[int, int | None], Evaluation] = {}
        self._paired: dict[tuple[object, ...], tuple[PairedDay, ...]] = {}
        self._served: dict[tuple[int, date], tuple[ServedDay, ...]] = {}
        self._agreed: dict[tuple[int, date], Agreement | None] = {}

    @property
    def loss(self) -> Loss:
        """The loss of the model."""
        return self._criteria.loss

    def on_changed(self, history: History, start: date) -> Fits:
        """Return fits on a history that differs from the day `start` on, with the versions of nights before it."""
        other = type(self)(self._catalog, self.model, history)
        other.made = {number: made.before(start) for number, made in self.made.items()}
        other._nights = {
            night: tuple(other.made[made.version.version] for made in its)
            for night, its in self._nights.items()
            if self.model.scored_days(Days.one(night)).last < start
        }
        return other

    def fit_all(self, night: date) -> tuple[Made, ...]:
        """Return a night's versions, each recipe fitted once; one that cannot be fitted is skipped, as in the DAG."""
        if night not in self._nights:
            fitted = [self.fit(recipe, night) for recipe in self.model.recipes]
            self._nights[night] = tuple(made for made in fitted if made is not None)
        return self._nights[night]

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
            fitted = fit_recipe(self.model, recipe, self._functions[recipe.name], days, rows)
            cpu = time.process_time() - began
            inputs = FitInputs(self.model, recipe, night, days, rows, self.history.pins)
            recorded = record_fit(self._catalog, inputs, fitted, code="backtest", packages="backtest")
        except Exception as error:  # a recipe may raise anything; the others must still be fitted
            self._note(night, f"recipe {recipe.name!r} could not be fitted: {_first_line(error)}")
            return None
        version = recorded.model_copy(update={"version": len(self.made) + 1})
        sketch = self._sketch(days, rows) if instead is None else sketch_rows(self.model, instead)
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
        try:
            baseline = predict(self.model, made.fitted.baseline, rows, self.model.baseline_features)
        except PredictionError as error:
            raise BacktestError(
                f"{self.model.name}: the baseline fitted for night {made.version.night} cannot score {days.key}: "
                f"{error}: correct its features, {', '.join(self.model.baseline_features)}"
            ) from error
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
        for day in days.each():
            if day not in made.scores:
                self._predict(made, Days.one(day))
        return _joined([made.scores[day] for day in days.each() if day in made.scores])

    def baselines(self, version: int, days: Days) -> Predictions:
        """Return the predictions of the baseline that was fitted with a version."""
        self.scores(version, days)
        made = self.made[version]
        return _joined([made.baseline[day] for day in days.each() if day in made.baseline])

    def judge(self, challenger: int, champion: int | None) -> Evaluation:
        """Evaluate a night's version, the champion and the baseline on the night's evaluated days."""
        names = (challenger, champion)
        if names not in self._judged:
            self._judged[names] = self._judge(self.made[challenger].version, champion)
        return self._judged[names]

    def _judge(self, challenger: TrainedVersion, champion: int | None) -> Evaluation:
        made, ours = self.made[challenger.version], None if champion is None else self.made[champion]
        contestants = Contestants(self.model, challenger, None if ours is None else ours.version)
        days, measurable = contestants.days, contestants.measurable_champion
        known = self.history.known(days, challenger.night)
        predicted = Predicted(
            challenger=self.scores(challenger.version, days)[known],
            champion=None if measurable is None else self.scores(measurable.version, days)[known],
            baseline=self.baselines(challenger.version, days)[known],
            failure=made.failure(days),
        )
        if ours is not None and measurable is not None and (failure := ours.failure(days)):
            predicted = predicted._replace(champion=None, champion_failure=failure)
        observed = Observed(
            examined=self._examine(made, days),
            history=None
            if ours is None
            else compare_sketches(made.sketch, ours.sketch, challenger, ours.version),
        )
        rows = self.labelled(days, challenger.night)
        return judge(contestants, self._criteria, rows, predicted, observed)

    def _examine(self, made: Made, days: Days) -> Examined:
        """Examine a version once on its evaluated days, without timing it."""
        if made.failure(days) is not None:
            return Examined()
        if made.examined is None:
            rows = self.labelled(days, made.version.night)
            scores = self.scores(made.version.version, days)[self.history.known(days, made.version.night)]

            def predict_rows(some: pd.DataFrame) -> Predictions:
                return predict(self.model, made.fitted.estimator, some, made.version.features)

            made.examined = examine(self.model, self._criteria.tests, predict_rows, rows, scores)
        return made.examined

    def pair(self, day: date, versions: Mapping[str, int], streams: Streams) -> tuple[PairedDay, ...]:
        """Return the pairs of a day from the versions that scored it, by stream; empty without rows.

        A rival that has entered and has no score counts with the loss of the incumbent's baseline.
        """
        if streams.incumbent not in versions or not self.history.count(day):
            return ()
        present = [name for name, version in versions.items() if not self._fails(version, day)]
        absent = find_absent(streams, day, present)
        names = (day, streams.incumbent, frozenset(versions.items()), absent)
        if names not in self._paired:
            self._paired[names] = self._pair(
                day, {name: versions[name] for name in present}, streams.incumbent, absent
            )
        return self._paired[names]

    def _fails(self, version: int, day: date) -> bool:
        self.scores(version, Days.one(day))
        return self.made[version].failure(Days.one(day)) is not None

    def _pair(
        self, day: date, streams: Mapping[str, int], incumbent: str, absent: Sequence[str]
    ) -> tuple[PairedDay, ...]:
        if incumbent not in streams:
            return ()
        days = Days.one(day)
        scores = {stream: self.scores(version, days) for stream, version in streams.items()}
        baseline = self.baselines(streams[incumbent], days)
        scores |= dict.fromkeys(absent, baseline)
        scored = ScoredDay(day, self.history.labels(days), scores, {**streams, **dict.fromkeys(absent)})
        return tuple(pair_scores(self.model, self._criteria.loss, scored, incumbent))

    def serve(self, version: int, day: date) -> tuple[ServedDay, ...]:
        """Return the loss of a version on a day; empty for a day without rows, or that it cannot predict."""
        if (version, day) not in self._served:
            scores = self.scores(version, Days.one(day))
            failure = self.made[version].failure(Days.one(day))
            if failure is not None:
                night = day - timedelta(days=self.model.horizon_days)
                self._note(night, f"version {version} cannot predict {day}, which it would serve: {failure}")
            self._served[version, day] = self._measure(version, day, scores) if failure is None else ()
        return self._served[version, day]

    def agree(self, version: int, day: date) -> Agreement | None:
        """Return how far the outcomes of a day agree with a version's predictions; None with too few rows."""
        if (version, day) not in self._agreed:
            outcomes, scores = self.history.labels(Days.one(day)), self.scores(version, Days.one(day))
            self._agreed[version, day] = agree_on(self.model, outcomes, scores)
        return self._agreed[version, day]

    def serve_baseline(self, version: int, day: date) -> tuple[ServedDay, ...]:
        """Return the loss of a version's baseline on a day; empty for a day without rows."""
        return self._measure(None, day, self.baselines(version, Days.one(day)))

    def _measure(self, version: int | None, day: date, scores: Predictions) -> tuple[ServedDay, ...]:
        rows = self.history.count(day)
        if not rows:
            return ()
        loss = mean_loss(self._criteria.loss, self.history.labels(Days.one(day)), scores)
        return (ServedDay(day=day, version=version, loss=loss, rows=rows),)


def _joined(parts: Sequence[Predictions]) -> Predictions:
    joined: Predictions = np.concatenate(parts) if parts else np.empty(0)
    return joined


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
