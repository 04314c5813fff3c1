"""Confidence intervals of a mean loss whose rows are correlated within a day."""

from __future__ import annotations

import numpy as np
import pytest

from contender.evaluating.intervals import interval_by_day
from contender.measures import calibrate


def simulate(random: np.random.Generator, days: int, a_day: int) -> tuple[np.ndarray, np.ndarray]:
    """Losses of mean 0 whose days differ as much as their rows do."""
    of_days = np.repeat(random.normal(size=days), a_day)
    return of_days + random.normal(size=days * a_day), np.repeat(np.arange(days), a_day)


def test_95_percent_of_intervals_contain_the_mean_even_of_seven_days():
    random = np.random.default_rng(1)
    found = [interval_by_day(*simulate(random, 7, 50)) for _ in range(2000)]
    assert np.mean([one.low <= 0 <= one.high for one in found]) == pytest.approx(0.95, abs=0.015)


def test_more_rows_of_the_same_days_do_not_narrow_the_interval():
    random = np.random.default_rng(1)
    few, many = (
        np.mean(
            [one.high - one.low for one in (interval_by_day(*simulate(random, 7, n)) for _ in range(200))]
        )
        for n in (50, 1000)
    )
    assert many > 0.9 * few


def test_days_are_weighted_by_their_rows():
    values, days = np.array([1.0] * 90 + [0.0] * 10), np.array([0] * 90 + [1] * 10)
    interval = interval_by_day(values, days)
    assert (interval.low + interval.high) / 2 == pytest.approx(0.9)


@pytest.mark.parametrize("rows", [0, 5])
def test_fewer_than_two_days_give_no_interval(rows):
    assert interval_by_day(np.ones(rows), np.zeros(rows, dtype=int)) is None


def test_calibration_points_cover_all_rows_from_the_lowest_prediction_up():
    random = np.random.default_rng(2)
    predictions = random.random(1005)
    points = calibrate((random.random(1005) < predictions).astype(float), predictions)
    assert sum(point.rows for point in points) == 1005
    assert [point.predicted for point in points] == sorted(point.predicted for point in points)
    assert all(abs(point.predicted - point.observed) < 0.2 for point in points)
