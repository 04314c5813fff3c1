"""Measure cadences on both real examples: fits, CPU seconds of fits, and served loss against nightly fits.

python -m benchmarks.cadence [MODEL]     writes benchmarks/results/cadence.json and docs/CADENCE.md
python -m benchmarks.cadence --nights 42 fewer nights, printed and not stored

Each cadence runs the same nights with policy `ours` and the champion's recipe, without strategies for a break. All
choose from the same fits, which are cached below build/.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from benchmarks.keeping import put_into
from benchmarks.promotion.kept import KeptFits
from benchmarks.promotion.years import read_year
from contender.backtesting import CadenceName, PolicyResult, compare_served, run_backtest_on
from contender.backtesting.differences import WEEK
from contender.settings import PROJECT
from contender.specs import Catalog, Days, load_catalog

RESULTS = PROJECT / "benchmarks" / "results" / "cadence.json"
PAGE = PROJECT / "docs" / "CADENCE.md"
BEGIN, END = "<!-- cadence: made by `make bench-cadence` -->", "<!-- end of cadence -->"
NIGHTS = 70
FIRST: Mapping[str, date] = {"flight_delay": date(2013, 5, 1), "household_return": date(2017, 5, 1)}
CADENCES: tuple[CadenceName, ...] = ("nightly", "weekly", "monthly", "when_needed", "oracle")

Row = dict[str, Any]


def measure(catalog: Catalog, name: str, count: int) -> Iterator[Row]:
    """Return a row for each cadence of a model."""
    shipped = catalog.model(name)
    model = shipped.model_copy(update={"recipes": shipped.recipes[:1], "recovery": None})
    nights = Days(first=FIRST[name], last=FIRST[name] + timedelta(days=count - 1))
    fits = KeptFits(catalog, model, read_year(catalog, shipped))
    results: dict[CadenceName, PolicyResult] = {}
    for cadence in CADENCES:
        print(f"  {name}, {cadence}", file=sys.stderr, flush=True)
        (results[cadence],) = run_backtest_on(fits, nights, ("ours",), cadence, _report).results
    fits.keep_all()
    nightly = results["nightly"]
    for cadence, one in results.items():
        yield describe(name, nights, cadence, one, nightly)


def describe(model: str, nights: Days, cadence: str, one: PolicyResult, nightly: PolicyResult) -> Row:
    """Return what a cadence cost and lost, with the interval by blocks of a week, as shares of nightly fits."""
    both = {day.day for day in nightly.served} & {day.day for day in one.served}
    loss = _mean_loss(nightly, both)
    found = compare_served(one.served, nightly.served, WEEK)
    low, high = (None, None) if found is None else found.ends
    return {
        "model": model,
        "nights": nights.key,
        "cadence": cadence,
        "fits": one.fits,
        "share_of_fits": round(one.fits / nightly.fits, 4),
        "cpu_seconds": round(one.cpu_seconds, 1),
        "days": len(both),
        "loss": round(_mean_loss(one, both), 6),
        "higher": None if found is None else round(found.mean / loss, 6),
        "low": None if low is None else round(low / loss, 6),
        "high": None if high is None else round(high / loss, 6),
    }


def _mean_loss(one: PolicyResult, days: set[date]) -> float:
    served = [day for day in one.served if day.day in days]
    return sum(day.loss * day.rows for day in served) / sum(day.rows for day in served)


def render(rows: Sequence[Row]) -> str:
    """Return a table for each model."""
    parts = []
    for model in dict.fromkeys(row["model"] for row in rows):
        own = [row for row in rows if row["model"] == model]
        parts.append(
            f"`{model}`, nights {own[0]['nights']}, {own[0]['days']} served days:\n\n"
            "| cadence | fits | share of nightly fits | CPU seconds of fits | served loss | against nightly |\n"
            "| --- | --- | --- | --- | --- | --- |\n" + "".join(map(_render, own))
        )
    return "\n".join(parts)


def _render(row: Row) -> str:
    against = "" if row["cadence"] == "nightly" else f"{row['higher']:+.2%}"
    if against and row["low"] is not None:
        against += f" ({row['low']:+.2%} to {row['high']:+.2%})"
    name = f"`{row['cadence']}`"
    if row["cadence"] == "oracle":
        name = "best nights in hindsight (`oracle`)"
    cells = (name, row["fits"], f"{row['share_of_fits']:.0%}", f"{row['cpu_seconds']:,.0f}")
    return f"| {' | '.join(map(str, cells))} | {row['loss']:.5f} | {against} |\n".replace("%", " %")


def _report(night: date) -> None:
    if night.day == 1:
        print(f"  run to {night}", file=sys.stderr, flush=True)


def store(rows: Sequence[Row]) -> None:
    """Store the rows of a model instead of its earlier ones, and render the page."""
    earlier: list[Row] = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    every = [row for row in earlier if row["model"] != rows[0]["model"]] + list(rows)
    every.sort(key=lambda row: list(FIRST).index(row["model"]))
    RESULTS.write_text(json.dumps(every, indent=1) + "\n")
    PAGE.write_text(put_into(PAGE.read_text(), render(every), BEGIN, END))


def main() -> None:
    """Measure, print, and store the tables."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--nights", type=int, default=NIGHTS, help="nights of each model")
    ask.add_argument("models", nargs="*", metavar="MODEL", help="default: both")
    given = ask.parse_args()
    if unknown := set(given.models) - set(FIRST):
        ask.error(f"unknown model {', '.join(sorted(unknown))}: choose from {', '.join(FIRST)}")
    catalog = load_catalog(PROJECT / "include" / "catalog")
    for name in given.models or FIRST:
        rows = list(measure(catalog, name, given.nights))
        print(render(rows), flush=True)
        if given.nights == NIGHTS:
            store(rows)


if __name__ == "__main__":
    main()
