"""Compare a night's features and predictions with those of the recent days, as published in the lake."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from contender.installation import Installation
from contender.monitoring.changes import Changes, find_changes
from contender.profiles import read_profile
from contender.records import Monitored
from contender.specs import Contract, Days, ModelSpec

# A change that lasts longer than this is the new usual state.
REMEMBERED = 28


def compare_day(installation: Installation, model: ModelSpec, night: date) -> Changes:
    """Compare the features that a night scores, and the predictions of the day before, with their recent days.

    All rows count. The predictions of the newest features may not be published yet. Days on which a column had changed
    already are not compared with, for up to 28 days.
    """
    day = model.scored_days(Days.one(night)).last
    matured = model.matured_days(Days.one(night)).last
    before = changed_days(installation.book.monitored.days_before(model.name, matured, REMEMBERED))
    features = _compare(installation, model, model.feature_contract, day, before)
    scores = _compare(installation, model, model.prediction_contract, day - timedelta(days=1), before)
    return join_changes(features, scores)


def _compare(
    installation: Installation,
    model: ModelSpec,
    contract: Contract,
    day: date,
    before: Mapping[str, Collection[date]],
) -> Changes:
    watch = model.monitoring
    recent = Days.one(day).reaching_back(watch.reference_days + REMEMBERED)
    lake, book = installation.lake, installation.book
    profiles = {
        then: read_profile(contract, then, file.digest, lake, book)
        for then, file in sorted(lake.day_files(contract.table, recent).items())
    }
    today = profiles.pop(day, None)
    if today is None:
        return Changes(day=day)
    columns = {
        name: column
        for name, column in today.columns.items()
        if name in (*model.feature_names, *model.score_names)
    }
    return find_changes(today.model_copy(update={"columns": columns}), list(profiles.values()), watch, before)


def join_changes(features: Changes, scores: Changes) -> Changes:
    """Return the changes of both; the number of columns and their distance are those of the features."""
    return features.model_copy(update={"changed": (*features.changed, *scores.changed)})


def changed_days(past: Sequence[Monitored]) -> Mapping[str, set[date]]:
    """Return the days on which each column had changed, according to earlier results."""
    found: dict[str, set[date]] = {}
    for one in past:
        for change in one.changes:
            if one.features_day is not None:
                found.setdefault(change.column, set()).add(one.features_day)
    return found
