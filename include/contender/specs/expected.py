"""The newest day that each table should contain by now, from the contracts and the clock alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import Field

from contender.specs.catalog import Catalog
from contender.specs.dataset import DatasetSpec
from contender.specs.days import Days
from contender.specs.frozen import Frozen
from contender.specs.model import ModelSpec


class Expected(Frozen):
    """The newest day that a table should contain, and when it was due."""

    day: date
    due: datetime = Field(description="in UTC, including the grace period")


def expected_days(catalog: Catalog, now: datetime, nightly_from: date | None) -> dict[str, Expected]:
    """Return the newest day that each table should contain at `now` (timezone-aware), by table name.

    `nightly_from` is the first day that is ingested by cron. Without it, nights are started by hand and no table is
    ever overdue. A model's tables are due when the last of their inputs is.
    """
    if nightly_from is None:
        return {}
    found: dict[str, Expected] = {}
    for dataset in catalog.datasets.values():
        if expected := _of_dataset(dataset, now, nightly_from):
            found[dataset.contract.table] = expected
    for model in catalog.models.values():
        _add_model(catalog, model, found)
    for dataset in catalog.datasets.values():
        if dataset.contract.table in found and dataset.kind == "daily":
            found[dataset.contract.table] = _on_open_day(dataset, found[dataset.contract.table])
    return {table: expected for table, expected in found.items() if expected.day >= nightly_from}


def expected_at(dataset: DatasetSpec, day: date) -> datetime:
    """Return when a day of a daily dataset is delivered according to its contract, without the grace period."""
    morning = day + timedelta(days=1 - dataset.delivery.lead_days)
    just_before = datetime.combine(morning, time.min, UTC) - timedelta(seconds=1)
    found: datetime = croniter(dataset.delivery.cron, just_before).get_next(datetime)
    return found


def scores_due(model: ModelSpec, night: date) -> datetime | None:
    """Return when the predictions of a night must be there, in the zone of the spec; None without `scored_by`."""
    if model.scored_by is None:
        return None
    return datetime.combine(
        night + timedelta(days=1), model.scored_by, ZoneInfo(model.scored_by_zone or "UTC")
    )


def _of_dataset(dataset: DatasetSpec, now: datetime, nightly_from: date) -> Expected | None:
    """The newest day whose grace period is over; None before the first scheduled run."""
    delivery = dataset.delivery
    grace = timedelta(hours=delivery.grace_hours)
    just_after = now - grace + timedelta(seconds=1)  # croniter returns times strictly before this one
    scheduled: datetime = croniter(delivery.cron, just_after).get_prev(datetime)
    if scheduled.date() <= nightly_from:
        return None
    # A daily file is due on the morning after its day, or earlier by the lead of its delivery.
    shift = delivery.lead_days - 1 if dataset.kind == "daily" else 0
    return Expected(day=scheduled.date() + timedelta(days=shift), due=scheduled + grace)


def _on_open_day(dataset: DatasetSpec, expected: Expected) -> Expected:
    """Return the newest day up to the expected one that is not closed, and when it was due."""
    closed, day = dataset.delivery.closed_days, expected.day
    while day in closed:
        day -= timedelta(days=1)
    return Expected(day=day, due=expected.due - (expected.day - day))


def _add_model(catalog: Catalog, model: ModelSpec, found: dict[str, Expected]) -> None:
    """Add the expected days of a model's tables; models whose predictions it reads come first."""
    if model.feature_contract.table in found:
        return
    for source in model.inputs:
        if source.predictions_of:
            _add_model(catalog, catalog.model(source.predictions_of), found)
    daily = [source for source in catalog.sources(model) if source.contract.daily]
    if not daily or any(source.contract.table not in found for source in daily):
        return
    inputs = [(found[source.contract.table], source.lead_days) for source in daily]
    night = Days.one(min(expected.day - timedelta(days=lead) for expected, lead in inputs))
    due = max(expected.due for expected, _ in inputs)
    scored = Expected(day=model.scored_days(night).last, due=due)
    found[model.label_contract.table] = Expected(day=model.matured_days(night).last, due=due)
    for contract in (model.feature_contract, model.prediction_contract, model.shadow_contract):
        found[contract.table] = scored
