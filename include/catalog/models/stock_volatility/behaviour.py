"""Behaviour tests that every version must pass."""

from __future__ import annotations

from typing import Any

from contender.specs import Direction, Invariance, Minimum

Rows = Any  # a pandas.DataFrame of evaluated stocks

STOCK = ("move_1", "move_7", "move_28", "move_91", "largest_28")
MARKET = ("market_1", "market_7", "market_28")


def _with_larger_moves(stocks: Rows) -> Rows:
    return stocks.assign(**{name: stocks[name] * 1.5 for name in (*STOCK, *MARKET)})


def _a_hair_larger(stocks: Rows) -> Rows:
    return stocks.assign(move_1=stocks["move_1"] + 0.001, trend_28=stocks["trend_28"] + 0.001)


BEHAVIOUR = (
    Direction(
        name="a stock that moved more, in a market that moved more, is predicted to move more",
        change=_with_larger_moves,
        expect="up",
        by=0.02,
    ),
    Invariance(name="a thousandth of a percent changes nothing", change=_a_hair_larger, within=0.02),
    Minimum(
        name="a calm stock in a calm market is not predicted to crash",
        where=lambda stocks: (stocks["largest_28"] <= 2.5) & (stocks["market_28"] <= 1.5),
        high=2.5,
    ),
)
