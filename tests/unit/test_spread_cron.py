"""Datasets whose `cron` has an H are due at times that follow from their names."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from croniter import croniter
from pydantic import ValidationError

from contender.specs import Column, DatasetSpec, Delivery


def due(name: str, cron: str, kind: str = "daily") -> str:
    days = [Column(name="day", type="date", description="day")] if kind == "daily" else []
    spec = DatasetSpec(
        name=name,
        description="Sales.",
        owner="a@b.example",
        kind=kind,
        delivery=Delivery(path="{day}.csv" if kind == "daily" else "all.csv", cron=cron),
        columns=(*days, Column(name="id", type="integer", description="id")),
        primary_key=("day", "id") if kind == "daily" else ("id",),
    )
    return spec.delivery.cron


def test_the_minute_of_a_dataset_stays_the_same():
    assert due("sales", "H 3 * * *") == due("sales", "H 3 * * *")
    assert re.fullmatch(r"[1-5]?\d 3 \* \* \*", due("sales", "H 3 * * *"))


def test_two_hundred_datasets_are_spread_over_the_hour():
    starts = Counter(due(f"dataset_{nth}", "H 3 * * *") for nth in range(200))
    assert len(starts) > 50
    assert max(starts.values()) < 12


@pytest.mark.parametrize(
    ("cron", "shape"),
    [
        ("H(0-29) 6 * * *", r"[12]?\d 6 \* \* \*"),
        ("H H(2-4) * * *", r"[1-5]?\d [2-4] \* \* \*"),
        ("h 3 * * *", r"[1-5]?\d 3 \* \* \*"),
        ("5 3 * * *", r"5 3 \* \* \*"),
    ],
)
def test_the_other_fields_stay_as_they_are(cron, shape):
    assert re.fullmatch(shape, due("sales", cron))


@pytest.mark.parametrize("cron", ["H 3 * * THU", "H 3 1 mar *", "0 6 * * FRI", "H H * * 1"])
def test_days_with_names_are_no_hash(cron):
    assert croniter.is_valid(due("planes", cron, "reference"))


@pytest.mark.parametrize("cron", ["R 3 * * *", "0 r(1-3) * * *", "H(50-70) 3 * * *", "H 3 * *", "H"])
def test_a_random_or_impossible_time_is_refused(cron):
    with pytest.raises(ValidationError, match="is not a cron expression: write five fields"):
        due("sales", cron)
