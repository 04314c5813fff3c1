"""Promotion rules on the daily differences of a pair, vectorised over nights: the sequential test and others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from benchmarks.promotion.bets import Floats, Way, agrapa, bernstein, fixed, plug_in
from contender.promoting.race import accumulate, settled

ALPHA, BAR, FEWEST_DAYS = 0.05, 20.0, 5

Promotes = Callable[[Floats, int], NDArray[np.bool_]]


def race(differences: Floats, lag: int) -> NDArray[np.bool_]:
    """Return the nights on which the sequential test promotes."""
    return settled(accumulate(differences, BAR, lag), BAR, lag)


def bet(way: Way) -> Promotes:
    """Return the rule with another betting strategy."""
    return lambda differences, lag: settled(way.evidence(differences, lag), BAR, lag)


def higher(days: int) -> Promotes:
    """Promote whenever the rival's mean loss over the newest days is lower."""

    def promotes(differences: Floats, _: int) -> NDArray[np.bool_]:
        sums = np.cumsum(differences, axis=-1)
        sums[:, days:] = sums[:, days:] - sums[:, :-days].copy()
        sums[:, : days - 1] = 0.0
        return sums > 0

    return promotes


def t_test(differences: Floats, _: int) -> NDArray[np.bool_]:
    """Promote whenever a one-sided paired t test over all days so far is significant at 5 %."""
    days = np.arange(1, differences.shape[-1] + 1)
    mean = np.cumsum(differences, axis=-1) / days
    square = np.cumsum(differences**2, axis=-1) / days
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(np.maximum(square - mean**2, 0) / np.maximum(days - 1, 1))
        found = mean / error > student.ppf(1 - ALPHA, np.maximum(days - 1, 1))
    promotes: NDArray[np.bool_] = found & (days >= FEWEST_DAYS)
    return promotes


RULES: Mapping[str, Promotes] = {
    "sequential test": race,
    "lower loss on the last day": higher(1),
    "lower loss over 7 days": higher(7),
    "paired t-test, 5 %": t_test,
    "mixture, clipped at 3": bet(Way(fixed(0.05, 0.1, 0.2, 0.4, 0.8), 3.0)),
    "aGRAPA, clipped at 2": bet(Way(agrapa(0.9), 2.0, 3)),
    "plug-in, clipped at 2": bet(Way(plug_in(0.9), 2.0, 3)),
    "empirical Bernstein, clipped at 3": bet(Way(fixed(0.05, 0.1, 0.2, 0.4, 0.8), 3.0, 5, bernstein)),
}
