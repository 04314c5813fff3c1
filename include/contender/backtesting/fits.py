"""The measures of a backtest's versions: each is evaluated, paired and served once, for all policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pandas as pd

from contender.backtesting.history import History
from contender.backtesting.made import Made, ServedDay
from contender.backtesting.versions import Versions
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
    pair_scores,
    read_criteria,
)
from contender.measures import (
    Agreement,
    Loss,
    Predictions,
    mean_loss,
    predict,
)
from contender.records import Evaluation, PairedDay, TrainedVersion
from contender.sketches import compare_sketches
from contender.specs import Catalog, Days, ModelSpec


class Fits(Versions):
    """Versions with what was measured of them; policies and cadences share it."""

    def __init__(self, catalog: Catalog, model: ModelSpec, history: History) -> None:
        super().__init__(catalog, model, history)
        self._criteria = read_criteria(model, catalog.model_home(model.name))
        self._judged: dict[tuple[int, int | None], Evaluation] = {}
        self._paired: dict[tuple[object, ...], tuple[PairedDay, ...]] = {}
        self._served: dict[tuple[int, date], tuple[ServedDay, ...]] = {}
        self._agreed: dict[tuple[int, date], Agreement | None] = {}

    @property
    def loss(self) -> Loss:
        """The loss of the model."""
        return self._criteria.loss

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
            scores = self.served_scores(version, day)
            failure = self.made[version].failure(Days.one(day))
            if failure is not None:
                night = day - timedelta(days=self.model.horizon_days)
                self._note(night, f"version {version} cannot predict {day}, which it would serve: {failure}")
            self._served[version, day] = self._measure(version, day, scores) if failure is None else ()
        return self._served[version, day]

    def agree(self, version: int, day: date) -> Agreement | None:
        """Return how far the outcomes of a day agree with a version's predictions; None with too few rows."""
        if (version, day) not in self._agreed:
            outcomes, scores = self.history.labels(Days.one(day)), self.served_scores(version, day)
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
