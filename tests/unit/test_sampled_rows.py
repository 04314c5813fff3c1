"""The sample that a recipe with `max_rows` is trained on."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from contender.lake import draw_rows
from contender.settings import PROJECT
from contender.specs import load_catalog

MODEL = load_catalog(PROJECT / "include" / "catalog").model("flight_delay")
DAYS = 30


def make_rows(count: int, seed: int = 0) -> pd.DataFrame:
    """Labelled rows with unique keys, in the order of days."""
    random = np.random.default_rng(seed)
    days = np.sort(random.integers(0, DAYS, count))
    return pd.DataFrame(
        {
            "day": [date(2025, 1, 1) + timedelta(days=int(day)) for day in days],
            "carrier": random.choice(["AA", "DL"], count),
            "flight": np.arange(count),
            "origin": random.choice(["JFK", "LGA"], count),
            "label": random.integers(0, 2, count),
        }
    )


def keys(rows: pd.DataFrame) -> set[int]:
    return set(rows["flight"])


ROWS = make_rows(4000)


@given(most=st.integers(100, 5000), seed=st.integers(0, 2**31))
def test_a_sample_keeps_the_order_and_every_day(most, seed):
    drawn = draw_rows(MODEL, ROWS, most, seed)
    assert list(drawn["flight"]) == sorted(drawn["flight"])
    assert set(drawn["day"]) == set(ROWS["day"])
    assert min(most, len(ROWS)) <= len(drawn) <= most + DAYS


@given(cut=st.integers(0, len(ROWS)), most=st.integers(100, 3000), seed=st.integers(0, 9))
def test_a_sample_of_parts_is_the_sample_of_the_whole(cut, most, seed):
    first = draw_rows(MODEL, ROWS[:cut], most, seed)
    both = draw_rows(MODEL, pd.concat([first, ROWS[cut:]], ignore_index=True), most, seed)
    assert keys(both) == keys(draw_rows(MODEL, ROWS, most, seed))


@given(order=st.integers(0, 2**31))
def test_a_sample_does_not_depend_on_the_order_of_rows(order):
    places = np.random.default_rng(order).permutation(len(ROWS))
    assert keys(draw_rows(MODEL, ROWS.iloc[places], 500, 3)) == keys(draw_rows(MODEL, ROWS, 500, 3))


@given(fewer=st.integers(100, 1000), more=st.integers(1000, 3000))
def test_what_is_drawn_from_few_rows_is_drawn_from_more(fewer, more):
    assert keys(draw_rows(MODEL, ROWS, fewer, 3)) <= keys(draw_rows(MODEL, ROWS, more, 3))


def test_another_seed_draws_other_rows():
    """Two samples of a quarter share a quarter of their rows, as independent ones do."""
    one, other = (keys(draw_rows(MODEL, ROWS, 1000, seed)) for seed in (1, 2))
    assert 0.2 < len(one & other) / len(one) < 0.32


def test_every_row_is_as_likely_as_any_other():
    """Over many seeds, the share of draws of a row is that of the sample, within chance."""
    rows, seeds = ROWS[:400], 300
    counts = pd.Series(0, index=rows["flight"])
    for seed in range(seeds):
        counts[list(keys(draw_rows(MODEL, rows, 200, seed)))] += 1
    share = counts / seeds
    assert abs(share.mean() - 0.5) < 0.06
    assert share.std() < 2.5 * np.sqrt(0.25 / seeds)


def test_as_many_rows_as_there_are_is_all_of_them():
    assert draw_rows(MODEL, ROWS, len(ROWS), 0) is ROWS
