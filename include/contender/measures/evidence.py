"""Evidence that a daily figure has risen: a CUSUM of robust standard scores.

Each day is standardised by the median and the median absolute deviation of the days before it: the limit follows the
figure's own variation from day to day, and a past storm does not widen it (Huber, "Robust Statistics", 1981). Scores
are clipped, so that a single day, however bad, is never enough. Their excess over an allowance is summed up and
restarts at 0 (Page, "Continuous inspection schemes", Biometrika 41, 1954).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np

FEWEST_DAYS = 14
DAYS_REMEMBERED = 56
THRESHOLD = 6.0
_MAD_TO_DEVIATION = 1.4826


class Sensitivity(NamedTuple):
    """The allowance, about half of the rise that should be found quickly, and the largest score, in deviations."""

    allowance: float
    largest: float


# Chosen on the flights, without false mails on the households. The loss follows events of a day, such as storms, that
# come in pairs; the share of inverted outcomes does not.
OF_DISTANCES = Sensitivity(1.5, 4.0)
OF_LOSSES = Sensitivity(2.0, 4.0)
OF_INVERTED = Sensitivity(1.25, 5.0)


def accumulate_rise(
    figures: Sequence[float],
    sensitivity: Sensitivity,
    *,
    fewest_days: int = FEWEST_DAYS,
    overlapping_days: int = 1,
) -> float:
    """Return the evidence after the last day that the figure has risen: 0 without any, THRESHOLD if it is enough.

    `figures` holds one finite number per day, oldest first. The first `fewest_days` are only compared with. Figures of
    outcomes that cover several days are correlated over as many days: scores are divided by the square root of
    `overlapping_days`, as for the mean of so many equal figures.
    """
    found = 0.0
    for nth in range(fewest_days, len(figures)):
        score = standardise(figures[nth], figures[max(0, nth - DAYS_REMEMBERED) : nth]) / sqrt(
            overlapping_days
        )
        found = max(0.0, found + min(score, sensitivity.largest) - sensitivity.allowance)
    return found


def standardise(figure: float, before: Sequence[float]) -> float:
    """Return how many robust standard deviations a figure is above the median of the days before it."""
    earlier = np.asarray(before)
    centre = float(np.median(earlier))
    deviation = _MAD_TO_DEVIATION * float(np.median(np.abs(earlier - centre)))
    if deviation == 0:
        return 0.0 if figure <= centre else float("inf")
    return (figure - centre) / deviation
