"""Slices are measured one by one, with intervals adjusted for their number."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from contender.evaluating.slices import measure_slices
from contender.specs import Guards, Slice

DAYS = [date(2013, 8, 25) + timedelta(days=n) for n in range(7)]


@pytest.fixture
def model(catalog):
    slices = (Slice(column="airport"), Slice(column="airline", values=("HA", "OO"), name="small airlines"))
    return catalog.model("flight_delay").model_copy(
        update={"slices": slices, "guards": Guards(min_slice_rows=50)}
    )


def make_rows(a_day: int = 100) -> pd.DataFrame:
    random = np.random.default_rng(3)
    size = a_day * len(DAYS)
    return pd.DataFrame(
        {
            "day": np.repeat(DAYS, a_day),
            "airport": random.choice(["EWR", "JFK", "LGA"], size),
            "airline": random.choice(["UA", "DL", "HA", "OO"], size, p=[0.6, 0.38, 0.01, 0.01]),
        }
    )


def losses(rows: pd.DataFrame, seed: int, worse_at: str | None = None, by: float = 0.0) -> np.ndarray:
    found = np.random.default_rng(seed).random(len(rows)) * 0.4
    return found + by * (rows["airport"] == worse_at).to_numpy()


def test_each_value_of_a_column_is_a_slice_and_named_values_are_one(model):
    rows = make_rows()
    found = measure_slices(model, rows, losses(rows, 1), losses(rows, 2))
    assert {part.name for part in found} == {
        "airport=EWR",
        "airport=JFK",
        "airport=LGA",
        "small airlines",
    }
    assert sum(part.rows for part in found if part.name.startswith("airport=")) == len(rows)


def test_a_corrupted_slice_is_significantly_worse_and_the_others_are_not(model):
    rows = make_rows()
    found = measure_slices(model, rows, losses(rows, 1, "JFK", 0.2), losses(rows, 2))
    assert [part.name for part in found if part.difference and part.difference.low > 0] == ["airport=JFK"]


def test_a_slice_with_few_rows_or_days_is_not_compared(model):
    rows = make_rows()
    found = {part.name: part for part in measure_slices(model, rows, losses(rows, 1), losses(rows, 2))}
    assert found["small airlines"].rows < 50
    assert found["small airlines"].difference is None
    two_days = rows[rows["day"] < DAYS[2]]
    few = measure_slices(model, two_days, losses(two_days, 1), losses(two_days, 2))
    assert all(part.difference is None for part in few)


def test_without_measures_of_the_champion_slices_are_not_compared(model):
    rows = make_rows()
    found = measure_slices(model, rows, losses(rows, 1), None)
    assert {(part.champion_loss, part.difference) for part in found} == {(None, None)}


def test_equal_models_have_a_significantly_worse_slice_on_less_than_one_night_in_twenty(model):
    model = model.model_copy(update={"slices": (Slice(column="group"),)})
    random = np.random.default_rng(11)
    alarms = 0
    for _ in range(300):
        rows = pd.DataFrame({"day": np.repeat(DAYS, 200), "group": random.integers(0, 10, 1400)})
        parts = measure_slices(model, rows, random.random(1400), random.random(1400))
        alarms += any(part.difference and part.difference.low > 0 for part in parts)
    assert alarms <= 0.05 * 300


def test_a_model_without_slices_has_no_slice_measures(model):
    rows = make_rows()
    bare = model.model_copy(update={"slices": ()})
    assert measure_slices(bare, rows, losses(rows, 1), losses(rows, 2)) == ()
