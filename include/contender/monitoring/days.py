"""Compare a night's features, published or staged, and its predictions with those of the recent days in the lake."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from contender.installation import Installation
from contender.monitoring.changes import Changes, find_changes, is_widespread
from contender.monitoring.skew import measure_skew
from contender.profiles import profile_staged, read_profile
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
    before = _changed_before(installation, model, night)
    features = _compare_published(installation, model, model.feature_contract, day, before)
    served = day - timedelta(days=1)
    scores = _compare_published(installation, model, model.prediction_contract, served, before)
    return join_changes(features, scores, measure_skew(installation, model, served))


def compare_staged(installation: Installation, model: ModelSpec, batch: StagedBatch) -> Changes:
    """Compare a staged day of a model's features with its published recent days."""
    contract, day = model.feature_contract, batch.days.first
    before = _changed_before(installation, model, day - timedelta(days=model.horizon_days))
    profiles = _read_profiles(installation, model, contract, day)
    profiles.pop(day, None)
    return _compare(model, profile_staged(contract, batch, day), list(profiles.values()), before)


def _changed_before(
    installation: Installation, model: ModelSpec, night: date
) -> Mapping[str, Collection[date]]:
    matured = model.matured_days(Days.one(night)).last
    past = installation.book.monitored.days_before(model.name, matured, REMEMBERED)
    return changed_days(past, model.monitoring)


def _compare_published(
    installation: Installation,
    model: ModelSpec,
    contract: Contract,
    day: date,
    before: Mapping[str, Collection[date]],
) -> Changes:
    profiles = _read_profiles(installation, model, contract, day)
    today = profiles.pop(day, None)
    return Changes(day=day) if today is None else _compare(model, today, list(profiles.values()), before)


def _read_profiles(
    installation: Installation, model: ModelSpec, contract: Contract, day: date
) -> dict[date, DayProfile]:
    """Return the profiles of a day and its recent days, oldest first."""
    recent = Days.one(day).reaching_back(model.monitoring.reference_days + REMEMBERED)
    lake, book = installation.lake, installation.book
    return {
        then: read_profile(contract, then, file.digest, lake, book)
        for then, file in sorted(lake.day_files(contract.table, recent).items())
    }


def _compare(
    model: ModelSpec, today: DayProfile, recent: Sequence[DayProfile], before: Mapping[str, Collection[date]]
) -> Changes:
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
