"""Measure monitoring: false verdicts on quiet years, and the delay and kind of verdict on injected changes.

python -m benchmarks.monitoring              writes benchmarks/results/monitoring.json and docs/MONITORING.md
python -m benchmarks.monitoring --starts 5   a smaller run, printed and not stored
python -m benchmarks.monitoring --model household_return   one model; the stored results of the other stay
python -m benchmarks.monitoring --change pandemic          one change, or several; those of the others stay

The rows, features and outcomes are those of the real years of two examples; weekly refreshes predict them. A drill
changes the days from a start on, for three weeks. Starts are spread evenly over the year. All draws are seeded.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from statistics import fmean, median
from typing import Any

import numpy as np

from benchmarks.keeping import keep_rows, put_into
from benchmarks.monitoring.drills import INJECTED
from benchmarks.monitoring.years import NIGHTS, ServedYear, monitor_injected, monitor_year, serve_year
from benchmarks.promotion.harm import YEARS
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
    ask.add_argument("--change", choices=INJECTED, action="append", help="measure only these changes")
    asked = ask.parse_args()
    for year in YEARS:
        if asked.model in (None, year.model):
            for row in measure_year(serve_year(year), asked.starts, asked.change or INJECTED):
                print(json.dumps(row))
                if asked.starts == STARTS:
                    store_row(row)


def store_row(row: Row) -> None:
    """Store a row instead of an earlier one of the same model and change, and write the page."""
    stored: list[Row] = json.loads(RESULTS.read_text())
    rows = {(one["model"], one["drill"]): one for one in [*stored, row]}
    order = [(year.model, name) for year in YEARS for name in (None, *INJECTED)]
    sorted_rows = [rows[place] for place in order if place in rows]
    keep_rows(RESULTS, sorted_rows)
    PAGE.write_text(put_into(PAGE.read_text(), render(sorted_rows), BEGIN, END))


def measure_year(year: ServedYear, starts: int, changes: Collection[str]) -> Iterator[Row]:
    """Yield the row of the quiet year, then one for each of the changes."""
    quiet = monitor_year(year)
    yield count_quiet(year.model.name, quiet)
    first, last = SETTLING, len(year.days) - NIGHTS
    for name in changes:
        injected = INJECTED[name]
        print(f"{year.model.name}: {name}", file=sys.stderr)
        monitored = [
            list(monitor_injected(year, quiet, injected, int(start), nth))
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
    wrong = set(TITLES) - {right}
    mailed = [
        next((nth for nth, one in enumerate(days) if one.verdict in wrong), NIGHTS) for days in monitored
    ]
    found = [delay for delay in delays if delay is not None]
    by = {days: sum(delay < days for delay in found) for days in (1, 3, 5, NIGHTS)}
    if quiet:
        by = {days: len(delays) - count for days, count in by.items()}
    return {
        "model": model,
        "drill": name,
        "verdict": right,
        "starts": len(monitored),
        "same_day": by[1],
        "within_3": by[3],
        "within_5": by[5],
        "within_21": by[NIGHTS],
        "wrong_within_5": sum(delay < 5 for delay in mailed),
        "wrong_within_21": sum(delay < NIGHTS for delay in mailed),
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
        f"{others or 'none'}. Right verdict within 5 days, mean over changes: {_average(drills):.0%}.".replace(
            "%", " %"
        ),
        "",
        "| change | starts | right verdict | the same day | within 3 days | within 5 days | within 21 days "
        "| median days | first verdicts | another mail within 5 or 21 days |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in drills:
        times = ("same_day", "within_3", "within_5", "within_21")
        shares = (_share(row[name], row["starts"]) if name in row else "not counted" for name in times)
        first = ", ".join(f"{name} {n}" for name, n in sorted(row["first"].items(), key=lambda e: -e[1]))
        days = "–" if row["median_days"] is None else f"{row['median_days']:g}"
        right = "no mail" if row["verdict"] == "stable" else f"`{row['verdict']}`"
        wrong = (
            f"{row['wrong_within_5']}, {row['wrong_within_21']}" if "wrong_within_5" in row else "not counted"
        )
        lines.append(
            f"| {row['drill']} | {row['starts']} | {right} | {' | '.join(shares)} | {days} | {first} | {wrong} |"
        )
    return "\n".join([*lines, ""])


def _average(drills: Sequence[Row]) -> float:
    return fmean(row["within_5"] / row["starts"] for row in drills)


def _share(found: int, starts: int) -> str:
    counted = count(found, starts)
    low, high = counted["ci_low"], counted["ci_high"]
    return f"{found / starts:.0%} ({low:.0%} to {high:.0%})".replace("%", " %")


if __name__ == "__main__":
    main()
