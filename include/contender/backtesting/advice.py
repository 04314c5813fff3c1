"""Advice on the cadence: the fewest fits whose loss is shown to be hardly higher."""

from __future__ import annotations

from collections.abc import Sequence

from contender.backtesting.differences import WEEK, Difference, compare_served
from contender.backtesting.run import Backtest

# A cadence is advised if the whole 95 % interval of its loss is below this share above that of the first.
HARMLESS = 0.01


def advise_cadence(backtests: Sequence[Backtest]) -> str | None:
    """Return a sentence on which of the compared cadences to choose, for the policy of the first result.

    A test of non-inferiority: the cheapest cadence whose loss is at most `HARMLESS` higher than that of the first one
    at the upper end of the 95 % interval. The best nights in hindsight are no cadence to choose. None if there is
    nothing to compare, or the first cadence has no loss above 0.
    """
    (first, *others) = backtests
    kept = first.results[0]
    compared = [
        (each.cadence, one, compare_served(one.served, kept.served, WEEK))
        for each in others
        for one in each.results
        if each.cadence != "oracle" and one.policy == kept.policy
    ]
    if not compared or not kept.mean_loss or kept.mean_loss < 0:
        return None
    if not any(against and (against.interval or against.same) for _, _, against in compared):
        return (
            "Advice on the cadence: none yet. An interval needs four weeks of served days: give more nights."
        )
    harmless = [
        (one.cpu_seconds, cadence, one, _highest(against) / kept.mean_loss)
        for cadence, one, against in compared
        if against is not None and _highest(against) <= HARMLESS * kept.mean_loss
    ]
    cheaper = [found for found in harmless if found[0] < kept.cpu_seconds]
    if not cheaper:
        return (
            f"Advice on the cadence: keep {first.cadence}. No cheaper one is shown to have a loss that is at most "
            f"{_percent(HARMLESS, 0)} higher."
        )
    _, cadence, one, higher = min(cheaper, key=lambda found: found[0])
    share = _percent(one.cpu_seconds / kept.cpu_seconds, 0)
    return (
        f"Advice on the cadence: {cadence}. With 95 % confidence, {_say(higher)} than with {first.cadence} fits, "
        f"and it takes {share} of their CPU time ({one.fits} of {kept.fits} fits)."
    )


def _highest(against: Difference) -> float:
    if against.same:
        return 0.0
    return against.interval.high if against.interval else float("inf")


def _say(higher: float) -> str:
    return f"its loss is at most {_percent(higher, 2)} higher" if higher > 0 else "its loss is not higher"


def _percent(share: float, decimals: int) -> str:
    return f"{100 * share:.{decimals}f} %"
