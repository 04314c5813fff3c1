"""Compare a night's features, published or staged, and its predictions with those of the recent days in the lake."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from contender.installation import Installation
from contender.monitoring.changes import Changes, find_changes, is_widespread
from contender.monitoring.skew import measure_skew
from contender.profiles import profile_staged, read_profiles
from contender.records import DayProfile, Monitored, ScoreSkew, StagedBatch
from contender.specs import Contract, Days, ModelSpec, Monitoring

# A change that lasts longer than this is the new usual state.
REMEMBERED = 28


def compare_day(installation: Installation, model: ModelSpec, night: date) -> Changes:
    """Compare the features that a night scores, and the predictions of the day before, with their recent days.

    All rows count. The predictions of the newest features may not be published yet; those of the day before are also
    made again. Days on which a column had changed already are not compared with, for up to 28 days.
    """
    day = model.scored_days(Days.one(night)).last
    served = day - timedelta(days=1)
    features = _read_profiles(installation, model, model.feature_contract, day)
    scores = _read_profiles(installation, model, model.prediction_contract, served)
    changes = compare_profiles(model, night, features, scores, _read_past(installation, model, night))
    return changes.model_copy(update={"skew": measure_skew(installation, model, served)})


def compare_staged(installation: Installation, model: ModelSpec, batch: StagedBatch) -> Changes:
    """Compare a staged day of a model's features with its published recent days."""
    contract, day = model.feature_contract, batch.days.first
    past = _read_past(installation, model, day - timedelta(days=model.horizon_days))
    profiles = _read_profiles(installation, model, contract, day) | {
        day: profile_staged(contract, batch, day)
    }
    return _compare(model, day, profiles, changed_days(past, model.monitoring))


def compare_profiles(
    model: ModelSpec,
    night: date,
    features: Mapping[date, DayProfile],
    scores: Mapping[date, DayProfile],
    past: Sequence[Monitored],
) -> Changes:
    """Compare the profiles of the features that a night scores, and of the predictions of the day before.

    Both mappings hold the day and its recent days (`recent_days`), as far as they have rows, oldest first. `past` are
    the results of the nights before, of which the last 28 are used.
    """
    day, before = model.scored_days(Days.one(night)).last, changed_days(past[-REMEMBERED:], model.monitoring)
    return join_changes(
        _compare(model, day, features, before),
        _compare(model, day - timedelta(days=1), scores, before),
        None,
    )


def recent_days(model: ModelSpec, day: date) -> Days:
    """Return a day and the days before it whose profiles may be compared with it."""
    return Days.one(day).reaching_back(model.monitoring.reference_days + REMEMBERED)


def _read_past(installation: Installation, model: ModelSpec, night: date) -> Sequence[Monitored]:
    matured = model.matured_days(Days.one(night)).last
    return installation.book.monitored.days_before(model.name, matured, REMEMBERED)


def _read_profiles(
    installation: Installation, model: ModelSpec, contract: Contract, day: date
) -> dict[date, DayProfile]:
    """Return the profiles of a day and its recent days, oldest first."""
    lake, book = installation.lake, installation.book
    return read_profiles(contract, lake.day_files(contract.table, recent_days(model, day)), lake, book)


def _compare(
    model: ModelSpec,
    day: date,
    profiles: Mapping[date, DayProfile],
    before: Mapping[str, Collection[date]],
) -> Changes:
    today = profiles.get(day)
    if today is None:
        return Changes(day=day)
    recent = [its for each, its in profiles.items() if each != day]
    columns = {
        name: column
        for name, column in today.columns.items()
        if name in (*model.feature_names, *model.score_names)
    }
    return find_changes(today.model_copy(update={"columns": columns}), recent, model.monitoring, before)


def join_changes(features: Changes, scores: Changes, skew: ScoreSkew | None) -> Changes:
    """Return the changes of all; the number of columns and their distances are those of the features."""
    return features.model_copy(update={"changed": (*features.changed, *scores.changed), "skew": skew})


def changed_days(past: Sequence[Monitored], watch: Monitoring) -> Mapping[str, set[date]]:
    """Return the days on which each column had changed, according to earlier results.

    On a day on which many features differed unusually, they had changed, too: a change of the world must not become the
    usual state before outcomes show whether predictions are as good as before.
    """
    found: dict[str, set[date]] = {}
    for one in past:
        if one.features_day is None:
            continue
        widespread = is_widespread(one.unusual, one.compared, watch)
        for name in (*(change.column for change in one.changes), *(one.unusual if widespread else ())):
            found.setdefault(name, set()).add(one.features_day)
    return found
