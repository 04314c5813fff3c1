"""Simulate the choice of strategies in a break: served loss above the best strategy's, and against blind refreshes.

The losses of four strategies are drawn for 60 days of a break, around means that depend on the case. All strategies
share a shock of the day; `noise` is the standard deviation of a strategy's own loss, as a share of the mean loss, and
`lag` the number of days until outcomes are known, over which its own losses are averages. All draws are seeded.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from contender.promoting.strategies import DAYS_COMPARED, FEWEST_DAYS, choose_strategy

DAYS, RUNS, SEED, SHOCK = 60, 200, 1, 0.3
SPANS = (slice(0, 10), slice(10, 30), slice(30, 60))
REFRESH, KEPT = "refresh", "kept"
Floats = NDArray[np.float64]

_ADAPTS = np.linspace(1.0, 0.0, DAYS)  # how far the refreshes still are from what they have not learned yet
CASES: Mapping[str, Mapping[str, Floats | float]] = {
    "a short window is best": {REFRESH: 1 + 0.3 * _ADAPTS, KEPT: 1.3, "recent": 1.0, "baseline": 1.15},
    "the old version is best": {REFRESH: 1 + 0.2 * _ADAPTS, KEPT: 1.0, "recent": 1.3, "baseline": 1.15},
    "refreshes are best": {REFRESH: 1.0, KEPT: 1.1, "recent": 1.1, "baseline": 1.15},
    "false alarm": {REFRESH: 1.0, KEPT: 1.0, "recent": 1.03, "baseline": 1.1},
    "the lead changes after 30 days": {
        REFRESH: 1.1,
        KEPT: np.repeat([1.3, 1.0], DAYS // 2),
        "recent": np.repeat([1.0, 1.3], DAYS // 2),
        "baseline": 1.2,
    },
}
NOISES, LAGS = (0.03, 0.1), (1, 7)


def draw(
    case: Mapping[str, Floats | float], noise: float, lag: int, random: np.random.Generator
) -> dict[str, Floats]:
    """Return the losses of each strategy on each day."""
    shock = np.exp(random.normal(0, SHOCK, DAYS))
    # A mean over `lag` days, scaled so that its deviation is `noise`.
    window = np.full(lag, lag**-0.5)
    own = {name: np.convolve(random.normal(0, noise, DAYS + lag - 1), window, "valid") for name in case}
    return {name: shock * (mean + own[name]) for name, mean in case.items()}


def serve(losses: Mapping[str, Floats], lag: int) -> list[str]:
    """Return the strategy that serves each day; refreshes serve until strategies are measured."""
    serving, served = REFRESH, []
    for day in range(DAYS):
        known = day - lag
        if known >= FEWEST_DAYS:
            newest = slice(max(0, known - DAYS_COMPARED), known)
            compared = {name: days[newest].tolist() for name, days in losses.items()}
            serving = choose_strategy(compared, serving, REFRESH, lag)
        served.append(serving)
    return served


def measure(case: Mapping[str, Floats | float], noise: float, lag: int, runs: int) -> list[float]:
    """Return the excess over the best strategy in three spans, the worst 30 days against refreshes, and switches.

    Losses are compared by their expected values, since chance averages out over many breaks.
    """
    random = np.random.default_rng(SEED)
    expected = {name: np.broadcast_to(mean, DAYS) for name, mean in case.items()}
    lowest, refreshed = np.min([*expected.values()], axis=0), expected[REFRESH]
    excess, against, switches = [], [], []
    for _ in range(runs):
        served = serve(draw(case, noise, lag, random), lag)
        loss = np.array([expected[name][day] for day, name in enumerate(served)])
        excess.append([loss[span].mean() / lowest[span].mean() - 1 for span in SPANS])
        months = [slice(first, first + 30) for first in range(DAYS - 29)]
        against.append(max(loss[month].mean() / refreshed[month].mean() - 1 for month in months))
        switches.append(sum(a != b for a, b in pairwise(served)))
    typical, bad = np.mean(against), np.quantile(against, 0.95)
    return [*np.mean(excess, axis=0).tolist(), float(typical), float(bad), float(np.mean(switches))]


def render_simulated(runs: int) -> str:
    """Return the table."""
    lines = [
        f"Means over {runs} breaks of {DAYS} days. Expected loss above that of the best strategy, in three spans; then "
        "the worst 30 days in a row, against serving every refresh:",
        "",
        "| case | noise | lag | days 1 to 10 | 11 to 30 | 31 to 60 | worst 30 days | in 95 % of breaks | switches |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, case in CASES.items():
        for noise in NOISES:
            for lag in LAGS:
                *shares, switches = measure(case, noise, lag, runs)
                figures = " | ".join(f"{share:+.1%}".replace("%", " %") for share in shares)
                lines.append(f"| {name} | {noise * 100:.0f} % | {lag} | {figures} | {switches:.1f} |")
    return "\n".join([*lines, ""])
