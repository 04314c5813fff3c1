"""Confidence intervals of mean losses. Rows of a day are correlated, so the sample size is the number of days."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from contender.measures import Outcomes, Predictions
from contender.records import Interval

CONFIDENCE = 0.95


def interval_by_day(
    values: NDArray[np.float64], days: NDArray[np.int64], confidence: float = CONFIDENCE
) -> Interval | None:
    """Return the interval of the mean of `values`; `days` is the day of each row. None with fewer than two days.

    The variance is that of a mean over clustered rows, linearised as a ratio of sums (Cochran, "Sampling Techniques",
    3rd ed., section 9.5), with Student's t and one degree of freedom fewer than there are days.
    """
    _, nth = np.unique(days, return_inverse=True)
    count = int(nth.max()) + 1 if len(nth) else 0
    if count < 2:
        return None
    mean = float(values.mean())
    residuals = np.bincount(nth, values - mean, minlength=count)
    error = float(np.sqrt((residuals**2).sum() * count / (count - 1))) / len(values)
    reach = float(t.ppf(0.5 + confidence / 2, count - 1)) * error
    return Interval(low=mean - reach, high=mean + reach)


def interval_of_difference(
    measure: Callable[[Outcomes, Predictions], float],
    outcomes: Outcomes,
    predictions: tuple[Predictions, Predictions],
    days: NDArray[np.int64],
) -> Interval | None:
    """Return the interval of a measure of the first predictions minus that of the second ones.

    By the jackknife over days, with Student's t (Efron & Tibshirani, "An Introduction to the Bootstrap", 1993,
    section 11.5). None with fewer than two days.
    """
    found = np.unique(days)
    if len(found) < 2:
        return None
    ours, theirs = (_in_order(outcomes, one, days) for one in predictions)

    def difference(left_out: np.int64 | None) -> float:
        return _measure_without(measure, left_out, *ours) - _measure_without(measure, left_out, *theirs)

    without = np.array([difference(day) for day in found])
    count = len(found)
    error = float(np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum()))
    centre, reach = difference(None), float(t.ppf(0.5 + CONFIDENCE / 2, count - 1)) * error
    return Interval(low=centre - reach, high=centre + reach)


def _in_order(
    outcomes: Outcomes, predictions: Predictions, days: NDArray[np.int64]
) -> tuple[Outcomes, Predictions, NDArray[np.int64]]:
    """Return the rows in the order of their predictions, if a row has one: measures then sort them in one pass."""
    if predictions.ndim > 1:
        return outcomes, predictions, days
    order = np.argsort(predictions, kind="stable")
    return outcomes[order], predictions[order], days[order]


def _measure_without(
    measure: Callable[[Outcomes, Predictions], float],
    left_out: np.int64 | None,
    outcomes: Outcomes,
    predictions: Predictions,
    days: NDArray[np.int64],
) -> float:
    kept = np.ones(len(days), dtype=np.bool_) if left_out is None else days != left_out
    return measure(outcomes[kept], predictions[kept])
