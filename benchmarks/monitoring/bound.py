"""How early could inverted outcomes be found at best? A bound in hindsight on the figures that monitoring watches.

python -m benchmarks.monitoring.bound   writes benchmarks/results/monitoring-bound.json and docs/MONITORING.md

A judge in hindsight knows the first changed day, and sums the daily figure since, in robust standard deviations of the
days before. For each number of days it has the lowest threshold that no quiet stretch of so many days exceeds.
Monitoring knows neither: it must find the day, and was given its thresholds before. So it cannot find more by sums.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.keeping import keep_rows, put_into
from benchmarks.monitoring.__main__ import PAGE, SETTLING
from benchmarks.monitoring.drills import INJECTED, Injected
from benchmarks.monitoring.years import ServedYear, inject_change, measure_day, serve_year
from benchmarks.promotion.harm import YEARS
from benchmarks.promotion.rows import count
from contender.measures.evidence import DAYS_REMEMBERED, standardise
from contender.monitoring import Performance
from contender.settings import PROJECT

RESULTS = PROJECT / "benchmarks" / "results" / "monitoring-bound.json"
BEGIN, END = "<!-- bound: made by `python -m benchmarks.monitoring.bound` -->", "<!-- end of bound -->"
CHANGES = ("15 % of outcomes inverted", "5 % of outcomes inverted", "outcomes inverted, +1 % a day")
FIGURES = ("inverted", "excess_loss")
WITHIN = 5
# Starts on neighbouring days share days; every other day halves the work and hardly widens the intervals.
APART = 2

Row = dict[str, Any]
# The sums of a figure over the first day, the first two, and so on; by figure.
Sums = Mapping[str, np.ndarray]


def main() -> None:
    """Measure, print, and store the results."""
    rows = [row for year in YEARS for row in bound_year(serve_year(year))]
    keep_rows(RESULTS, rows)
    print(render(rows))
    PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


def bound_year(year: ServedYear) -> Iterator[Row]:
    """Yield the row of each change: the starts that a judge in hindsight finds within five days."""
    quiet = [measure_day(year, day, year.rows[day]) for day in year.days]
    starts = range(SETTLING, len(year.days) - WITHIN, APART)
    usual = [sum_since(quiet[:start], quiet[start : start + WITHIN]) for start in starts]
    limits = {name: np.max([sums[name] for sums in usual], axis=0) for name in FIGURES}
    for name in CHANGES:
        print(f"{year.model.name}: {name}", file=sys.stderr)
        found = [
            is_found(
                sum_since(quiet[:start], list(measure_injected(year, INJECTED[name], start, nth))), limits
            )
            for nth, start in enumerate(starts)
        ]
        yield {"model": year.model.name, "change": name, **count(sum(found), len(found))}


def measure_injected(year: ServedYear, injected: Injected, start: int, nth: int) -> Iterator[Performance]:
    """Yield the performance of the first days with a change."""
    for _, (day, rows) in zip(range(WITHIN), inject_change(year, injected, start, nth), strict=False):
        yield measure_day(year, day, rows)


def sum_since(before: Sequence[Performance], days: Sequence[Performance]) -> Sums:
    """Return the sums of each figure over the first day, the first two, and so on, in standard deviations."""
    return {name: np.cumsum(_standardise_each(name, before, days)) for name in FIGURES}


def is_found(sums: Sums, limits: Sums) -> bool:
    """Return whether any figure exceeds its limit after any number of days."""
    return any(bool(np.any(sums[name] > limits[name])) for name in FIGURES)


def _standardise_each(name: str, before: Sequence[Performance], days: Sequence[Performance]) -> list[float]:
    known = [figure for one in before if (figure := getattr(one, name)) is not None]
    return [
        0.0 if (figure := getattr(one, name)) is None else standardise(figure, known[-DAYS_REMEMBERED:])
        for one in days
    ]


def render(rows: Sequence[Row]) -> str:
    """Return the table of the page."""
    lines = [
        "| model | change | starts | found within 5 days by a judge in hindsight |",
        "| --- | --- | --- | --- |",
    ]
    for row in rows:
        share = f"{row['share_promoted']:.0%} ({row['ci_low']:.0%} to {row['ci_high']:.0%})".replace(
            "%", " %"
        )
        lines.append(f"| `{row['model']}` | {row['change']} | {row['runs']} | {share} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
