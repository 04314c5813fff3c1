"""Freshness of tables: the newest day of each, compared with the expected one."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from contender.specs import DatasetSpec, Expected
from contender.specs.frozen import Frozen


class Freshness(Frozen):
    """A table's newest day, compared with the expected one."""

    cron: str | None = Field(description="in UTC; None for a table built from others")
    grace_hours: int | None
    last_good_day: date | None
    expected_day: date | None = Field(description="None if no day is expected yet")
    due: datetime | None
    overdue: bool


def judge_freshness(
    dataset: DatasetSpec | None, last_good_day: date | None, expected: Expected | None
) -> Freshness:
    """Compare a table's newest day with the expected one; `dataset` is None for a model's table."""
    late = expected is not None and (last_good_day is None or last_good_day < expected.day)
    return Freshness(
        cron=dataset and dataset.delivery.cron,
        grace_hours=None if dataset is None else dataset.delivery.grace_hours,
        last_good_day=last_good_day,
        expected_day=expected and expected.day,
        due=expected and expected.due,
        overdue=late,
    )
