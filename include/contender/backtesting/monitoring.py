"""Monitor the nights of a backtest in memory, by the same profiles, comparisons and verdicts as the monitor DAG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa

from contender.backtesting.fits import Fits
from contender.measures import split_scores
from contender.measures.evidence import DAYS_REMEMBERED, FEWEST_DAYS
from contender.monitoring import Performance, compare_profiles, conclude, recent_days
from contender.monitoring.performance import add_outcomes
from contender.monitoring.skew import compare_scores
from contender.profiles import profile
from contender.records import DayProfile, Evaluation, Monitored, ScoreSkew
from contender.specs import Contract, Days


class Monitor:
    """The results of the nights so far, and the profiles of the days that they compared."""

    def __init__(self, fits: Fits) -> None:
        self.found: list[Monitored] = []
        self._fits = fits
        self._features: dict[date, DayProfile] = {}
        self._scores: dict[tuple[int, date], DayProfile] = {}

    def run(self, night: date, served: Mapping[date, int], evaluations: Sequence[Evaluation]) -> None:
        """Add the result of a night; `served` has the version that served each day, for days that were served."""
        model = self._fits.model
        day = model.scored_days(Days.one(night)).last
        earlier = day - timedelta(days=1)
        performance = self._measure(night, served, evaluations)
        past = [one for one in self.found if one.day < performance.day]
        features = {each: self._profile_features(each) for each in self._recent(day)}
        scores = {
            each: self._profile_scores(served[each], each) for each in self._recent(earlier) if each in served
        }
        changes = compare_profiles(model, night, features, scores, past)
        if earlier in served:
            skew = self._measure_skew(earlier, served[earlier])
            changes = changes.model_copy(update={"skew": skew})
        recent = past[-(DAYS_REMEMBERED + FEWEST_DAYS) :]
        self.found.append(conclude(model, performance, changes, recent, str(night)))

    def _recent(self, day: date) -> list[date]:
        """Return the days with rows that a day may be compared with, and the day itself, in order."""
        reach = recent_days(self._fits.model, day)
        return [each for each in reach.each() if self._fits.history.count(each)]

    def _profile_features(self, day: date) -> DayProfile:
        if day not in self._features:
            model, rows = self._fits.model, self._fits.history.between(Days.one(day))
            self._features[day] = profile_columns(model.feature_contract, model.feature_names, day, rows)
        return self._features[day]

    def _profile_scores(self, version: int, day: date) -> DayProfile:
        if (version, day) not in self._scores:
            model, rows = self._fits.model, self._fits.served_rows(version, day)
            profiled = profile_columns(model.prediction_contract, model.score_names, day, rows)
            self._scores[version, day] = profiled
        return self._scores[version, day]

    def _measure(
        self, night: date, served: Mapping[date, int], evaluations: Sequence[Evaluation]
    ) -> Performance:
        """Measure what was served for the day whose outcomes become known in a night."""
        fits, model = self._fits, self._fits.model
        day = model.matured_days(Days.one(night)).last
        version = served.get(day)
        found = Performance(
            day=day,
            version=version,
            scored_rows=0 if version is None else fits.history.count(day),
            measures=None,
            expected_loss=_expected_loss(version, evaluations),
        )
        if version is None or not found.scored_rows or not fits.history.knows(day, night):
            return found
        return add_outcomes(found, model, fits.loss, fits.served_rows(version, day))

    def _measure_skew(self, day: date, version: int) -> ScoreSkew:
        """Compare what was served for a day with the predictions of the version."""
        model, rows = self._fits.model, self._fits.served_rows(version, day)
        scores = split_scores(model, self._fits.scores(version, Days.one(day)))
        made_again = rows[list(model.row_key)].assign(**scores)
        return compare_scores(model, rows.assign(model_version=version), made_again)


def profile_columns(contract: Contract, names: Sequence[str], day: date, rows: pd.DataFrame) -> DayProfile:
    """Return the profile of these columns of a day's rows."""
    chosen = tuple(column for column in contract.columns if column.name in names)
    narrow = contract.model_copy(update={"columns": chosen})
    return profile(narrow, day, "", pa.Table.from_pandas(rows[list(names)], preserve_index=False))


def _expected_loss(version: int | None, evaluations: Sequence[Evaluation]) -> float | None:
    """Return the loss in a version's evaluation; None for a strategy, which was fitted on the evaluated days."""
    own = (one for one in reversed(evaluations) if one.challenger.version == version)
    found = next(own, None)
    return None if found is None or found.challenger.strategy else found.challenger_measures.loss
