"""Sketches of a column's numbers: exact, or within half a percent in rank, and the same each time."""

from __future__ import annotations

import base64

import numpy as np
from datasketches import kll_doubles_sketch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from contender.profiles.quantiles import SKETCH_SIZE, decode, encode, mix

NUMBERS = arrays.arrays(
    np.float64, st.integers(1, 2000), elements=st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0])
)


def share_up_to(numbers, points):
    return (numbers[None, :] <= points[:, None]).mean(axis=1)


@given(numbers=NUMBERS, seed=st.integers(0, 100))
def test_a_sketch_depends_neither_on_chance_nor_on_the_order_of_rows(numbers, seed):
    assert encode(np.random.default_rng(seed).permutation(numbers)) == encode(numbers)


@given(numbers=NUMBERS)
def test_shares_are_exact_for_few_numbers_and_half_a_percent_off_at_most_for_many(numbers):
    points = np.unique(numbers)
    allowed = 1e-9 if len(numbers) <= SKETCH_SIZE else 1 / SKETCH_SIZE
    assert np.abs(decode(encode(numbers)).up_to(points) - share_up_to(numbers, points)).max() <= allowed


@given(numbers=NUMBERS)
def test_extremes_and_missing_numbers_are_kept_apart(numbers):
    with_missing = np.append(numbers, np.nan)
    found = decode(encode(with_missing)).numbers
    assert (found[0], found[-1]) == (numbers.min(), numbers.max())


@given(days=st.lists(NUMBERS, min_size=1, max_size=5))
def test_days_together_have_the_distribution_of_their_rows_together(days):
    together = mix([decode(encode(day)) for day in days], [len(day) for day in days])
    rows = np.concatenate(days)
    points = np.unique(rows)
    assert np.abs(together.up_to(points) - share_up_to(rows, points)).max() <= 1 / SKETCH_SIZE


def test_a_day_without_numbers_adds_nothing_to_a_mixture():
    empty, known = decode(encode(np.array([]))), decode(encode(np.array([1.0, 2.0])))
    assert mix([empty, known], [0, 2]).numbers.tolist() == known.numbers.tolist()
    assert mix([empty], [0]).numbers.tolist() == []


def test_a_sketch_of_all_rows_of_a_large_day_can_be_read():
    """Profiles stored by earlier versions hold more numbers, with weights."""
    numbers = np.random.default_rng(7).normal(size=50_000)
    stored = kll_doubles_sketch(SKETCH_SIZE)
    stored.update(numbers)
    found = decode(base64.b64encode(stored.serialize()).decode())
    points = np.linspace(-2, 2, 41)
    assert np.abs(found.up_to(points) - share_up_to(numbers, points)).max() < 0.03
    assert (found.numbers[0], found.numbers[-1]) == (numbers.min(), numbers.max())
