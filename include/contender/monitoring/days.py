"""Read the profiles of a table's days; missing ones are computed and stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from contender.installation import Installation
from contender.monitoring.changes import Changes, find_changes
from contender.profiles import profile
from contender.records import DayProfile, Monitored, profile_id
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
    before = _changed_days(installation.book.monitored.days_before(model.name, matured, REMEMBERED))
    found = _compare(installation, model, model.feature_contract, day, before)
    scores = _compare(installation, model, model.prediction_contract, day - timedelta(days=1), before)
    of_scores = [change for change in scores.changed if change.column in model.score_names]
    return found.model_copy(update={"changed": (*found.changed, *of_scores)})


def _compare(
    installation: Installation,
    model: ModelSpec,
    contract: Contract,
    day: date,
    before: Mapping[str, Collection[date]],
) -> Changes:
    watch = model.monitoring
    recent = Days.one(day).reaching_back(watch.reference_days + REMEMBERED)
    profiles = read_profiles(installation, contract, recent)
    today = profiles.pop(day, None)
    if today is None:
        return Changes(day=day)
    columns = {
        name: column
        for name, column in today.columns.items()
        if name in (*model.feature_names, *model.score_names)
    }
    return find_changes(today.model_copy(update={"columns": columns}), list(profiles.values()), watch, before)


def read_profiles(installation: Installation, contract: Contract, days: Days) -> dict[date, DayProfile]:
    """Return the profiles of the published days of a range, by day."""
    lake, book = installation.lake, installation.book
    found: dict[date, DayProfile] = {}
    for day, file in sorted(lake.day_files(contract.table, days).items()):
        known = book.profiles.get(profile_id(contract.table, day, file.digest))
        found[day] = known or book.profiles.add(
            profile(contract, day, file.digest, lake.read(contract, Days.one(day)))
        )
    return found


def _changed_days(past: Sequence[Monitored]) -> Mapping[str, set[date]]:
    found: dict[str, set[date]] = {}
    for one in past:
        for change in one.changes:
            if one.features_day is not None:
                found.setdefault(change.column, set()).add(one.features_day)
    return found
