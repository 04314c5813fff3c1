"""Tests over the rows of the newest days, of models that differ by chance: DeLong's of AUCs, and a bootstrap of losses.

Both take rows for independent of each other, which rows of a day are not, and both are asked again every night.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap, norm, rankdata

from benchmarks.promotion.bets import Floats
from benchmarks.promotion.rules import ALPHA

Day = tuple[NDArray[np.bool_], Floats, Floats]  # outcomes, and predictions of the incumbent and the rival
Says = Callable[[NDArray[np.bool_], Floats, Floats, np.random.Generator], bool]

DAYS, RESAMPLES = 7, 400


def delong(
    outcomes: NDArray[np.bool_], incumbent: Floats, rival: Floats, _: np.random.Generator | None = None
) -> bool:
    """Whether the rival's AUC is higher, by a one-sided test at 5 % (DeLong, DeLong & Clarke-Pearson 1988)."""
    aucs, covariance = compare_aucs(outcomes, np.stack([incumbent, rival]))
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return bool(variance > 0 and norm.sf((aucs[1] - aucs[0]) / np.sqrt(variance)) < ALPHA)


def compare_aucs(outcomes: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    """The AUC of each row of `scores`, (models, rows), and their covariance, in n log n steps by midranks.

    Sun & Xu, "Fast implementation of DeLong's algorithm for comparing the areas under correlated receiver operating
    characteristic curves", IEEE Signal Processing Letters 21, 2014.
    """
    positives, negatives = scores[:, outcomes], scores[:, ~outcomes]
    many, few = positives.shape[1], negatives.shape[1]
    ranks = rankdata(scores, axis=1)
    above = (ranks[:, outcomes] - rankdata(positives, axis=1)) / few
    below = 1 - (ranks[:, ~outcomes] - rankdata(negatives, axis=1)) / many
    found: Floats = np.cov(above) / many + np.cov(below) / few
    return above.mean(axis=1), found


def resample(
    outcomes: NDArray[np.bool_], incumbent: Floats, rival: Floats, random: np.random.Generator
) -> bool:
    """Whether the rival loses less in 95 % of the paired bootstraps of the rows, by the Brier score."""
    gained = (incumbent - outcomes) ** 2 - (rival - outcomes) ** 2
    if gained.mean() <= 0:
        return False  # half of the bootstraps lie below the mean
    found = bootstrap(
        (gained,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=50,
        confidence_level=1 - ALPHA,
        alternative="greater",
        method="percentile",
        rng=random,
    )
    return bool(found.confidence_interval.low > 0)


ROW_TESTS: Mapping[str, Says] = {
    "DeLong test, 7 days, 5 %": delong,
    "row bootstrap, 7 days, 5 %": resample,
}


def first_night(days: Sequence[Day], says: Says, random: np.random.Generator) -> int | None:
    """The first night, from 1, on which a test over the rows of the newest seven days is for the rival, if any."""
    for night in range(DAYS, len(days) + 1):
        outcomes, incumbent, rival = (
            np.concatenate(part) for part in zip(*days[night - DAYS : night], strict=True)
        )
        if says(outcomes, incumbent, rival, random):
            return night
    return None
