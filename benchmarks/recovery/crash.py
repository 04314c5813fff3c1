"""Run the crash of March 2020 on real stock prices, with strategies, without them, and by simple policies."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, timedelta

from benchmarks.promotion.kept import KeptFits
from benchmarks.promotion.years import read_year
from contender.backtesting import PolicyResult, ServedDay, compare_served, run_backtest_on
from contender.settings import PROJECT
from contender.specs import Days, load_catalog

MODEL = "stock_volatility"
NIGHTS = Days(first=date(2020, 1, 6), last=date(2020, 6, 30))
# The first days of the spans: before the crash, its fall, the weeks of learning, and the calmer months.
SPANS = (date(2020, 1, 20), date(2020, 2, 24), date(2020, 3, 13), date(2020, 4, 1), date(2020, 4, 21))
POLICIES = {
    "ours": "strategies compete",
    "no-recovery": "guards, weighed",
    "blind": "every refresh",
    "static": "first version, never replaced",
}


def render_crash() -> str:
    """Run the nights, and return the table."""
    catalog = load_catalog(PROJECT / "include" / "catalog")
    model = catalog.model(MODEL)
    fits = KeptFits(catalog, model, read_year(catalog, model, NIGHTS))
    backtest = run_backtest_on(fits, NIGHTS, tuple(POLICIES), "nightly", _report)
    fits.keep_all()
    ends = [*(first - timedelta(days=1) for first in SPANS[1:]), NIGHTS.last]
    spans = [Days(first=first, last=last) for first, last in zip(SPANS, ends, strict=True)]
    headings = " | ".join(f"{span.first:%m-%d} to {span.last:%m-%d}" for span in spans)
    lines = [
        f"| policy | {headings} | all | minus every refresh |",
        "| --- |" + " --- |" * (len(spans) + 2),
    ]
    blind = next(one for one in backtest.results if one.policy == "blind")
    return "\n".join([*lines, *(_row(one, blind, spans) for one in backtest.results), ""])


def _row(result: PolicyResult, blind: PolicyResult, spans: Sequence[Days]) -> str:
    found = [_mean(result.served, span) for span in (*spans, Days(first=SPANS[0], last=NIGHTS.last))]
    against = compare_served(result.served, blind.served)
    low, high = (None, None) if against is None else against.ends
    interval = "" if low is None else f" (95 % interval {low:+.3f} to {high:+.3f})"
    minus = "–" if against is None or result is blind else f"{against.mean:+.3f}{interval}"
    return f"| {POLICIES[result.policy]} | {' | '.join(f'{loss:.3f}' for loss in found)} | {minus} |"


def _mean(served: Sequence[ServedDay], span: Days) -> float:
    days = [day for day in served if day.day in span]
    return sum(day.loss * day.rows for day in days) / sum(day.rows for day in days)


def _report(night: date) -> None:
    if night.day in (1, 15):
        print(f"  {night}", file=sys.stderr)
