"""Made-up pairs of models, night after night: rows with an outcome and two predictions, and their daily differences.

A row's outcome follows a logistic model of a signal and of a shock that all rows of its day share. Each model sees the
signal through noise of its own, and predicts as well as that lets it. Equal noise makes an equal pair. Less noise for
the rival makes it better, by as much as its AUC is to gain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]  # of 64 bits, or of 32 where there are many rows
Kind = Literal["independent days", "autocorrelated days", "alternating lead", "7-day label delay"]

ROWS = 900  # flights that leave New York on a day
BASE, SIGNAL, SHARED = -1.25, 1.0, 0.85
SHOPS = -2.6  # of a household on a day, so that about half return within 7
LAG = {"7-day label delay": 7}


@dataclass(frozen=True)
class Pair:
    """Outcomes and predictions, each (runs, nights, rows); `lag` is 1 or the days until labels are known."""

    outcomes: NDArray[np.bool_]
    incumbent: Floats
    rival: Floats
    lag: int

    @property
    def differences(self) -> NDArray[np.float64]:
        """How much less the rival lost (Brier score), by run and night."""
        y = self.outcomes
        found: NDArray[np.float64] = ((self.incumbent - y) ** 2 - (self.rival - y) ** 2).mean(
            axis=-1, dtype=np.float64
        )
        return found


def make_pairs(
    kind: Kind, gain: float, runs: int, nights: int, seed: int, rows: int = ROWS, at_once: int = 2_000_000
) -> Iterator[Pair]:
    """Pairs in parts that fit into memory; the rival's AUC is `gain` above the incumbent's."""
    part = max(1, at_once // (nights * rows))
    noise = sharpen(gain, kind)
    for first in range(0, runs, part):
        random = np.random.default_rng((seed, first))
        yield _draw(kind, noise, min(part, runs - first), nights, rows, random)


def make_differences(
    kind: Kind, gain: float, runs: int, nights: int, seed: int, rows: int = ROWS
) -> NDArray[np.float64]:
    """Daily differences of pairs, (runs, nights)."""
    return np.concatenate([pair.differences for pair in make_pairs(kind, gain, runs, nights, seed, rows)])


@cache
def sharpen(gain: float, kind: Kind) -> float:
    """The rival's noise, as a share of the incumbent's, at which its AUC over many rows is higher by `gain`."""
    if gain == 0:
        return 1.0
    low, high = 0.5, 1.0
    for _ in range(10):
        noise = (low + high) / 2
        drawn = _draw(kind, noise, 10, 60, ROWS, np.random.default_rng(0))
        ours, theirs = (
            auc(drawn.outcomes.reshape(10, -1), p.reshape(10, -1)) for p in (drawn.incumbent, drawn.rival)
        )
        low, high = (noise, high) if (theirs - ours).mean() > gain else (low, noise)
    return noise


def _draw(kind: Kind, noise: float, runs: int, nights: int, rows: int, random: np.random.Generator) -> Pair:
    if kind == "7-day label delay":
        return _draw_late(noise, runs, nights, rows, random)
    shock, unrest = _weather(kind, runs, nights, random)
    shape = (runs, nights, rows)
    signal = random.standard_normal(shape, dtype=np.float32)
    logit = BASE + shock[..., None] + SIGNAL * signal
    outcomes = random.random(shape, dtype=np.float32) < _sigmoid(logit)
    incumbent, rival = _see(signal, noise, random, _tilt(kind, unrest, random))
    spread = float(np.var(shock))
    return Pair(outcomes, _foretell(incumbent, 1.0, spread), _foretell(rival, noise, spread), lag=1)


def _weather(kind: Kind, runs: int, nights: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """The shock of each day on all rows' log odds, and how unruly the day is; (runs, nights) each."""
    if kind == "independent days":
        return random.normal(0, 0.3, (runs, nights)), np.ones((runs, nights))
    weather = persist(random.standard_normal((runs, nights)), 0.8)
    return 0.6 * weather, np.exp(0.5 * weather)


def _tilt(kind: Kind, unrest: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """By how much each model's noise of a day is above or below its usual one, as a factor: (runs, nights) each."""
    shape = unrest.shape
    if kind == "alternating lead":
        lead = 0.1 * persist(random.standard_normal(shape), 0.5)
        return np.exp(lead), np.exp(-lead)
    size = 0.1 * unrest
    return np.exp(size * random.standard_normal(shape)), np.exp(size * random.standard_normal(shape))


def _see(
    signal: Floats, noise: float, random: np.random.Generator, tilt: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """What each model sees of the signal: noise in common, and some of its own."""
    common = np.sqrt(SHARED) * random.standard_normal(signal.shape, dtype=np.float32)
    own = [np.sqrt(1 - SHARED) * random.standard_normal(signal.shape, dtype=np.float32) for _ in range(2)]
    ours = signal + tilt[0][..., None].astype(np.float32) * (common + own[0])
    theirs = signal + noise * tilt[1][..., None].astype(np.float32) * (common + own[1])
    return ours, theirs


def _foretell(
    seen: Floats, noise: float, spread: float, base: float = BASE, signal: float = SIGNAL
) -> Floats:
    """The probability given what is seen, by the usual approximation of a logistic curve by a normal one."""
    trust = 1 / (1 + noise**2)
    unknown = signal**2 * (1 - trust) + spread
    return _sigmoid((base + signal * trust * seen) / np.sqrt(1 + np.pi * unknown / 8))


def _draw_late(noise: float, runs: int, nights: int, rows: int, random: np.random.Generator) -> Pair:
    """Households scored every night on whether they shop within 7 days; shocks of days fall into 7 labels each."""
    habit = random.standard_normal((runs, 1, rows), dtype=np.float32)
    shock = 0.3 * random.standard_normal((runs, nights + 6, 1)).astype(np.float32)
    shops = random.random((runs, nights + 6, rows), dtype=np.float32) < _sigmoid(SHOPS + shock + habit)
    counted = np.cumsum(np.pad(shops.astype(np.int16), ((0, 0), (1, 0), (0, 0))), axis=1)
    outcomes = counted[:, 7:] > counted[:, :-7]
    # What is known of a household changes slowly.
    common, ours, theirs = (persist(random.standard_normal((runs, nights, rows)), 0.7) for _ in range(3))
    shared, own = np.sqrt(SHARED), np.sqrt(1 - SHARED)
    within = [
        habit * 1.0 + level * (shared * common + own * one) for level, one in ((1.0, ours), (noise, theirs))
    ]
    return Pair(outcomes, _return(within[0], 1.0), _return(within[1], noise), lag=7)


def _return(seen: Floats, noise: float) -> Floats:
    daily = _foretell(seen, noise, spread=0.09, base=SHOPS)
    return 1 - (1 - daily) ** 7


def persist(shocks: Floats, share: float) -> Floats:
    """A stationary series of unit variance along axis 1, of which `share` stays from day to day."""
    series = np.empty_like(shocks)
    series[:, 0] = shocks[:, 0]
    fresh = np.sqrt(1 - share**2)
    for day in range(1, shocks.shape[1]):
        series[:, day] = share * series[:, day - 1] + fresh * shocks[:, day]
    return series


def _sigmoid(x: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-x))
    return found


def auc(outcomes: NDArray[np.bool_], scores: Floats) -> Floats:
    """The area under the curve along the last axis, for scores without ties."""
    ranks = np.argsort(np.argsort(scores, axis=-1), axis=-1) + 1
    positives = outcomes.sum(axis=-1)
    negatives = outcomes.shape[-1] - positives
    found: Floats = ((ranks * outcomes).sum(axis=-1) - positives * (positives + 1) / 2) / (
        positives * negatives
    )
    return found
