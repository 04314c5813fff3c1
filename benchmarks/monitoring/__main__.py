"""Measure monitoring: false verdicts on quiet years, and the delay and kind of verdict on injected changes.

python -m benchmarks.monitoring              writes benchmarks/results/monitoring.json and docs/MONITORING.md
python -m benchmarks.monitoring --starts 5   a smaller run, printed and not stored
python -m benchmarks.monitoring --model household_return   one model; the stored results of the other stay

The rows, features and outcomes are those of the real years of two examples; weekly refreshes predict them. A drill
changes the days from a start on, for three weeks. Starts are spread evenly over the year. All draws are seeded.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

import numpy as np

from benchmarks.monitoring.drills import INJECTED
from benchmarks.monitoring.years import NIGHTS, ServedYear, monitor_injected, monitor_year, serve_year
from benchmarks.promotion.harm import YEARS
from benchmarks.promotion.page import put_into
from benchmarks.promotion.rows import count
from contender.alerting.compose import TITLES
from contender.records import Monitored
from contender.settings import PROJECT

RESULTS = PROJECT / "benchmarks" / "results" / "monitoring.json"
PAGE = PROJECT / "docs" / "MONITORING.md"
BEGIN, END = "<!-- drills: made by `make bench-monitoring` -->", "<!-- end of drills -->"
STARTS, SETTLING = 20, 42

Row = dict[str, Any]


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--starts", type=int, default=STARTS, help="starts of each drill")
    ask.add_argument("--model", choices=[year.model for year in YEARS], help="measure one model only")
    asked = ask.parse_args()
    wanted = [year for year in YEARS if asked.model in (None, year.model)]
    found = {year.model: list(measure_year(serve_year(year), asked.starts)) for year in wanted}
    stored: list[Row] = json.loads(RESULTS.read_text())
    rows = [
        row
        for year in YEARS
        for row in found.get(year.model, [row for row in stored if row["model"] == year.model])
    ]
    print(render(rows))
    if asked.starts == STARTS:
        RESULTS.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
        PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


def measure_year(year: ServedYear, starts: int) -> Iterator[Row]:
    """Yield the row of the quiet year, then one for each drill."""
    quiet = monitor_year(year)
    yield count_quiet(year.model.name, quiet)
    first, last = SETTLING, len(year.days) - NIGHTS
    for name, injected in INJECTED.items():
        print(f"{year.model.name}: {name}", file=sys.stderr)
        monitored = [
            monitor_injected(year, quiet, injected, int(start), nth)
            for nth, start in enumerate(np.linspace(first, last, starts))
        ]
        yield count_drill(year.model.name, name, injected.verdict, [days for days in monitored if days])


def count_quiet(model: str, quiet: Sequence[Monitored]) -> Row:
    """Count the days of each verdict, and the mails, which are sent when a verdict begins."""
    judged = quiet[SETTLING:]
    begun = [
        one
        for before, one in zip(quiet[SETTLING - 1 :], judged, strict=False)
        if one.verdict in TITLES and one.verdict != before.verdict
    ]
    verdicts = Counter(one.verdict for one in judged)
    return {
        "model": model,
        "drill": None,
        "days": len(judged),
        "mails": len(begun),
        "verdicts": dict(verdicts),
    }


def count_drill(model: str, name: str, right: str, monitored: Sequence[Sequence[Monitored]]) -> Row:
    """Count in how many starts the right verdict came, the same day, within five and all days, and what came first.

    If `stable` is right, count the starts without a mail by then.
    """
    quiet = right == "stable"
    sought = set(TITLES) if quiet else {right}
    delays = [
        next((nth for nth, one in enumerate(days) if one.verdict in sought), None) for days in monitored
    ]
    first = Counter(
        next((one.verdict for one in days if one.verdict != "stable"), "stable") for days in monitored
    )
    found = [delay for delay in delays if delay is not None]
    by = {days: sum(delay < days for delay in found) for days in (1, 5, NIGHTS)}
    if quiet:
        by = {days: len(delays) - count for days, count in by.items()}
    return {
        "model": model,
        "drill": name,
        "verdict": right,
        "starts": len(monitored),
        "same_day": by[1],
        "within_5": by[5],
        "within_21": by[NIGHTS],
        "median_days": 1 + median(found) if 2 * len(found) > len(monitored) and not quiet else None,
        "first": dict(first),
    }


def render(rows: Sequence[Row]) -> str:
    """Return the tables of the page."""
    models = dict.fromkeys(row["model"] for row in rows)
    return "\n".join(_render_model(model, [row for row in rows if row["model"] == model]) for model in models)


def _render_model(model: str, rows: Sequence[Row]) -> str:
    quiet, drills = rows[0], rows[1:]
    others = ", ".join(f"{name} {days}" for name, days in quiet["verdicts"].items() if name != "stable")
    lines = [
        f"`{model}`, {quiet['days']} quiet days: {quiet['mails']} mails. Days with another verdict than `stable`: "
        f"{others or 'none'}.",
        "",
        "| change | starts | right verdict | the same day | within 5 days | within 21 days "
        "| median days | first verdicts |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in drills:
        shares = (_share(row[name], row["starts"]) for name in ("same_day", "within_5", "within_21"))
        first = ", ".join(f"{name} {n}" for name, n in sorted(row["first"].items(), key=lambda e: -e[1]))
        days = "–" if row["median_days"] is None else f"{row['median_days']:g}"
        right = "no mail" if row["verdict"] == "stable" else f"`{row['verdict']}`"
        lines.append(
            f"| {row['drill']} | {row['starts']} | {right} | {' | '.join(shares)} | {days} | {first} |"
        )
    return "\n".join([*lines, ""])


def _share(found: int, starts: int) -> str:
    counted = count(found, starts)
    low, high = counted["ci_low"], counted["ci_high"]
    return f"{found / starts:.0%} ({low:.0%} to {high:.0%})".replace("%", " %")


if __name__ == "__main__":
    main()
