"""Monitor the nights of a backtest in memory, by the same profiles, comparisons and verdicts as the monitor DAG."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa

from contender.backtesting.fits import Fits
from contender.measures import split_scores
from contender.measures.evidence import DAYS_REMEMBERED, FEWEST_DAYS
from contender.monitoring import Changes, Performance, conclude
from contender.monitoring.changes import find_changes
from contender.monitoring.days import REMEMBERED, changed_days, join_changes
from contender.monitoring.performance import add_outcomes
from contender.monitoring.skew import compare_scores
from contender.profiles import profile
from contender.records import DayProfile, Evaluation, Monitored, ScoreSkew
from contender.specs import Contract, Days, Monitoring


class Monitor:
    """The results of the nights so far, and the profiles of the days that they compared."""

    def __init__(self, fits: Fits) -> None:
        self.found: list[Monitored] = []
        self._fits = fits
        self._features: dict[date, DayProfile] = {}
        self._scores: dict[tuple[int, date], DayProfile] = {}

    def run(self, night: date, served: Mapping[date, int], evaluations: Sequence[Evaluation]) -> None:
        """Add the result of a night; `served` has the version that served each day, for days that were served."""
        model, watch = self._fits.model, self._fits.model.monitoring
        day = model.scored_days(Days.one(night)).last
        earlier = day - timedelta(days=1)
        performance = self._measure(night, served, evaluations)
        past = [one for one in self.found if one.day < performance.day]
        before = changed_days(past[-REMEMBERED:], watch)
        changes = join_changes(
            self._compare_features(day, before),
            self._compare_scores(earlier, served, before),
            self._measure_skew(earlier, served[earlier]) if earlier in served else None,
        )
        recent = past[-(DAYS_REMEMBERED + FEWEST_DAYS) :]
        self.found.append(conclude(model, performance, changes, recent, str(night)))

    def _compare_features(self, day: date, before: Mapping[str, Collection[date]]) -> Changes:
        return self._compare({each: self._profile_features(each) for each in self._recent(day)}, day, before)

    def _compare_scores(
        self, day: date, served: Mapping[date, int], before: Mapping[str, Collection[date]]
    ) -> Changes:
        profiles = {
            each: self._profile_scores(served[each], each) for each in self._recent(day) if each in served
        }
        return self._compare(profiles, day, before)

    def _compare(
        self, profiles: Mapping[date, DayProfile], day: date, before: Mapping[str, Collection[date]]
    ) -> Changes:
        if day not in profiles:
            return Changes(day=day)
        earlier = [its for each, its in profiles.items() if each != day]
        return find_changes(profiles[day], earlier, self._fits.model.monitoring, before)

    def _recent(self, day: date) -> list[date]:
        """Return the days with rows that a day may be compared with, and the day itself, in order."""
        reach = Days.one(day).reaching_back(_reach(self._fits.model.monitoring))
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


def _reach(watch: Monitoring) -> int:
    return watch.reference_days + REMEMBERED


def _expected_loss(version: int | None, evaluations: Sequence[Evaluation]) -> float | None:
    """Return the loss in a version's evaluation; None for a strategy, which was fitted on the evaluated days."""
    own = (one for one in reversed(evaluations) if one.challenger.version == version)
    found = next(own, None)
    return None if found is None or found.challenger.strategy else found.challenger_measures.loss
