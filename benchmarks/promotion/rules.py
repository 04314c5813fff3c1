"""Promotion rules on the daily differences of a pair, vectorised over nights: the sequential test and others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from benchmarks.promotion.bets import Floats, Way, agrapa, bernstein, fixed, plug_in
from contender.promoting.daily_bets import accumulate, settled
from contender.promoting.evidence import threshold
from contender.promoting.race import bet_on_blocks, form_blocks, sum_blocks

ALPHA, FEWEST_DAYS = 0.05, 5
BAR = threshold(ALPHA, place=1, together=1)
DAILY_BAR = 1 / ALPHA

Promotes = Callable[[Floats, int], NDArray[np.bool_]]


def evidence_by_night(differences: Floats, lag: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the evidence for a first rival after each night, and whether its test is passed; (runs, nights) each."""
    nights = differences.shape[-1]
    blocks = form_blocks([1] * nights, lag, 1)
    found = bet_on_blocks(sum_blocks(differences, blocks), blocks, BAR, lag)
    settled_blocks = np.searchsorted(blocks.ends, np.arange(nights), side="right")
    none = np.ones((len(differences), 1))
    evidence = np.concatenate([none, found.evidence], axis=1)[:, settled_blocks]
    passed = np.concatenate([none < 0, found.passed], axis=1)[:, settled_blocks]
    return evidence, passed


def race(differences: Floats, lag: int) -> NDArray[np.bool_]:
    """Return the nights on which the test is passed and the rival's mean loss is lower."""
    promotes: NDArray[np.bool_] = evidence_by_night(differences, lag)[1]
    return promotes & (np.cumsum(differences, axis=-1) > 0)


def bets_on_days(differences: Floats, lag: int) -> NDArray[np.bool_]:
    """Return the nights on which rule 1 promotes, which version 0.1 used: bets on single days."""
    return settled(accumulate(differences, DAILY_BAR, lag), DAILY_BAR, lag)


def bet(way: Way) -> Promotes:
    """Return the rule with another betting strategy."""
    return lambda differences, lag: settled(way.evidence(differences, lag), DAILY_BAR, lag)


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
    "bets on single days (rule 1)": bets_on_days,
    "lower loss on the last day": higher(1),
    "lower loss over 7 days": higher(7),
    "paired t-test, 5 %": t_test,
    "mixture, clipped at 3": bet(Way(fixed(0.05, 0.1, 0.2, 0.4, 0.8), 3.0)),
    "aGRAPA, clipped at 2": bet(Way(agrapa(0.9), 2.0, 3)),
    "plug-in, clipped at 2": bet(Way(plug_in(0.9), 2.0, 3)),
    "empirical Bernstein, clipped at 3": bet(Way(fixed(0.05, 0.1, 0.2, 0.4, 0.8), 3.0, 5, bernstein)),
}
