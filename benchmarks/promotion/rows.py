"""The rows of the results: one shape for all tables, so that a reader needs one set of names."""

from __future__ import annotations

from typing import Any, Literal

from scipy.stats import binomtest

from contender.specs.frozen import Frozen

Table = Literal[
    "error", "power", "real pairs", "served", "served by month", "harm stopped", "held", "creep", "speed"
]


class Row(Frozen):
    """One line of a table; None is what does not apply to it."""

    table: Table
    rule: str
    data: str
    nights: int | None = None
    effect: str | float | None = None
    runs: int | None = None
    share_promoted: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    median_days: float | None = None
    served_loss: float | None = None
    promotions: int | None = None


def count(promoted: int, runs: int) -> dict[str, Any]:
    """A share of runs with its 95 % interval (Clopper & Pearson, exact)."""
    interval = binomtest(promoted, runs).proportion_ci(0.95, "exact")
    return {
        "runs": runs,
        "share_promoted": round(promoted / runs, 4),
        "ci_low": round(float(interval.low), 4),
        "ci_high": round(float(interval.high), 4),
        "promotions": promoted,
    }
