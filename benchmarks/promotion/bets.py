"""Alternative betting strategies, compared with that of the project by how soon they find a better rival."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass
class Known:
    """Statistics of the days with known outcomes, in units of the clip limit: (..., 1) each."""

    days: Floats
    mean: Floats
    square: Floats
    gains: list[tuple[Floats, Floats]] = field(default_factory=list)

    @property
    def variance(self) -> Floats:
        """Around the mean, never 0."""
        return np.maximum(self.square - self.mean**2, 1e-9)


Bet = Callable[[Known], Floats]
Grow = Callable[[Floats, Floats, Known], Floats]


def fixed(*shares: float) -> Bet:
    """Fixed bet sizes, with the stake divided among them."""
    return lambda _: np.array(shares)


def agrapa(top: float, days: float = 1.0) -> Bet:
    """The bet that would have increased the stake fastest so far, approximately (Waudby-Smith & Ramdas 2024, B.3)."""

    def bet(known: Known) -> Floats:
        # The mean is drawn towards 0 as if by a few days without a difference.
        mean = known.mean * known.days / (known.days + days)
        found: Floats = np.clip(mean / (known.variance + mean**2), 0, top)
        return found

    return bet


def plug_in(top: float, alpha: float = 0.05) -> Bet:
    """The predictable plug-in of empirical-Bernstein bets (Waudby-Smith & Ramdas 2024, equation 15)."""

    def bet(known: Known) -> Floats:
        day = known.days + 1
        found: Floats = np.minimum(
            np.sqrt(2 * np.log(2 / alpha) / (known.variance * day * np.log1p(day))), top
        )
        return found

    return bet


def both(*bets: Bet) -> Bet:
    """The stake divided among several bets."""
    return lambda known: np.concatenate(
        [np.broadcast_to(bet(known), (*known.days.shape[:-1], np.shape(bet(known))[-1])) for bet in bets],
        axis=-1,
    )


def times(bet: Floats, gain: Floats, _: Known) -> Floats:
    """Return the factor by which a bet changes the stake."""
    return 1 + bet * gain


def bernstein(bet: Floats, gain: Floats, known: Known) -> Floats:
    """Choe & Ramdas's e-process of forecasts: it allows for means that differ from day to day, for a price."""
    half, mean = gain / 2, known.mean / 2
    grown: Floats = np.exp(bet * half - (-np.log1p(-bet) - bet) * (half - mean) ** 2)
    return grown


def gamble(
    differences: Floats, bet: Bet, cut: float, lag: int = 1, wait: int = 5, grow: Grow = times
) -> Floats:
    """Return the evidence after each day, (runs, days), with differences clipped at `cut` root mean squares."""
    runs, days = differences.shape
    stakes: list[Floats | None] = [None] * lag
    after = np.ones((lag, runs))
    evidence = np.ones(differences.shape)
    total, squares = np.zeros(runs), np.zeros(runs)
    for day in range(days):
        count = max(day - lag + 1, 0)
        if count:
            total += differences[:, day - lag]
            squares += differences[:, day - lag] ** 2
        if count >= wait:
            bound = cut * np.sqrt(squares / count)
            gain = np.clip(differences[:, day] / bound, -1, 1)[:, None]
            known = Known(
                np.full((runs, 1), float(count)),
                (total / count / bound)[:, None],
                (squares / count / bound**2)[:, None],
            )
            factor = grow(bet(known), gain, known)
            before = stakes[day % lag]
            stakes[day % lag] = factor if before is None else before * factor
            after[day % lag] = np.asarray(stakes[day % lag]).mean(axis=-1)
        evidence[:, day] = after.mean(axis=0)
    return evidence


MIXTURE = fixed(0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True)
class Way:
    """A betting strategy, with its name in the tables."""

    bet: Bet
    cut: float
    wait: int = 5
    grow: Grow = times

    def evidence(self, differences: Floats, lag: int) -> Floats:
        """The evidence after each day."""
        return gamble(differences, self.bet, self.cut, lag, self.wait, self.grow)
