"""Monitor nights in memory: the same profiles, comparisons and verdicts as those of the monitor DAG."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from contender.backtesting import Fits
from contender.measures import split_scores
from contender.measures.evidence import DAYS_REMEMBERED, FEWEST_DAYS
from contender.monitoring import Changes, Performance, conclude
from contender.monitoring.changes import find_changes
from contender.monitoring.days import REMEMBERED, changed_days, join_changes
from contender.monitoring.performance import add_outcomes
from contender.monitoring.skew import compare_scores
from contender.profiles import profile
from contender.records import DayProfile, Monitored, ScoreSkew
from contender.specs import Contract, Days, Monitoring


class ServedRows(NamedTuple):
    """The rows of a served day with their scores, the version, and its loss in its evaluation."""

    version: int
    rows: pd.DataFrame
    expected_loss: float | None


def monitor_nights(fits: Fits, served: Mapping[date, ServedRows], nights: Days) -> list[Monitored]:
    """Return the result of monitoring in each night, in order; `served` contains the days by what was served."""
    model, history = fits.model, fits.history
    reach = Days.one(model.scored_days(nights).first).reaching_back(_reach(model.monitoring))
    compared = Days(first=reach.first, last=model.scored_days(nights).last)
    features = {
        day: profile_columns(model.feature_contract, model.feature_names, day, history.between(Days.one(day)))
        for day in compared.each()
        if history.count(day)
    }
    scores = {
        day: profile_columns(model.prediction_contract, model.score_names, day, its.rows)
        for day, its in served.items()
    }
    found: list[Monitored] = []
    for night in nights.each():
        performance = _measure(fits, served, night)
        past = [one for one in found if one.day < performance.day]
        before = changed_days(past[-REMEMBERED:], model.monitoring)
        day = model.scored_days(Days.one(night)).last
        earlier = day - timedelta(days=1)
        changes = join_changes(
            _compare(features, day, model.monitoring, before),
            _compare(scores, earlier, model.monitoring, before),
            _measure_skew(fits, earlier, served[earlier]) if earlier in served else None,
        )
        recent = past[-(DAYS_REMEMBERED + FEWEST_DAYS) :]
        found.append(conclude(model, performance, changes, recent, str(night)))
    return found


def profile_columns(contract: Contract, names: Sequence[str], day: date, rows: pd.DataFrame) -> DayProfile:
    """Return the profile of these columns of a day's rows."""
    chosen = tuple(column for column in contract.columns if column.name in names)
    narrow = contract.model_copy(update={"columns": chosen})
    return profile(narrow, day, "", pa.Table.from_pandas(rows[list(names)], preserve_index=False))


def _reach(watch: Monitoring) -> int:
    return watch.reference_days + REMEMBERED


def _compare(
    profiles: Mapping[date, DayProfile], day: date, watch: Monitoring, before: Mapping[str, Collection[date]]
) -> Changes:
    if day not in profiles:
        return Changes(day=day)
    recent = Days.one(day).reaching_back(_reach(watch))
    earlier = [profiles[each] for each in recent.each() if each < day and each in profiles]
    return find_changes(profiles[day], earlier, watch, before)


def _measure(fits: Fits, served: Mapping[date, ServedRows], night: date) -> Performance:
    """Measure what was served for the day whose outcomes become known in a night."""
    model = fits.model
    day = model.matured_days(Days.one(night)).last
    its = served.get(day)
    found = Performance(
        day=day,
        version=None if its is None else its.version,
        scored_rows=0 if its is None else len(its.rows),
        measures=None,
        expected_loss=None if its is None else its.expected_loss,
    )
    if its is None or its.rows.empty or not fits.history.knows(day, night):
        return found
    return add_outcomes(found, model, fits.loss, its.rows)


def _measure_skew(fits: Fits, day: date, its: ServedRows) -> ScoreSkew:
    """Compare what was served for a day with the predictions of the version."""
    model, rows = fits.model, its.rows
    scores = split_scores(model, fits.scores(its.version, Days.one(day)))
    served = rows.assign(model_version=its.version)
    return compare_scores(model, served, rows[list(model.row_key)].assign(**scores))
