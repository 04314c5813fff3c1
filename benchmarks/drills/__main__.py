"""Run drills on the real data of the examples: days to the verdict, and the served loss beside other strategies.

python -m benchmarks.drills                        writes benchmarks/results/drills.json and docs/MONITORING.md
python -m benchmarks.drills --model flight_delay   only this model's runs; the other stored runs are kept
python -m benchmarks.drills --drill feed           only this drill

One recipe is refreshed nightly, without rivals: the faster one for households. Its fits are cached below build/.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from benchmarks.keeping import keep_rows, put_into
from benchmarks.promotion.kept import KeptFits
from benchmarks.promotion.years import NIGHTS, read_year
from contender.backtesting import compare_served
from contender.drilling import (
    DRILLS,
    STRATEGIES,
    DrilledNight,
    DrillError,
    DrillResult,
    Plan,
    describe_finding,
    draw_drill,
    plan_drill,
    run_drill,
)
from contender.settings import PROJECT
from contender.specs import ModelSpec, load_catalog

RESULTS = PROJECT / "benchmarks" / "results" / "drills.json"
PAGE = PROJECT / "docs" / "MONITORING.md"
BEGIN, END = "<!-- runs: made by `make bench-drills` -->", "<!-- end of runs -->"
# The recipe and the first changed day. Nights are two months earlier, and need four weeks of labelled days.
RUNS: Mapping[str, tuple[str, date]] = {
    "flight_delay": ("boosted_trees", date(2013, 5, 1)),
    "household_return": ("recent_trees", date(2017, 9, 1)),
    "stock_volatility": ("boosted_trees", date(2021, 6, 1)),
}
# Changes of the world take weeks to be learnt; faults are only followed for four weeks.
SHORT_NIGHTS = 28
LONG = ("pandemic", "recovery", "sudden", "gradual")
DRAWN = ("stock_volatility", "recovery")

Row = dict[str, Any]


def main() -> None:
    """Run, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--model", choices=list(RUNS), action="append", help="a model; default: all")
    ask.add_argument("--drill", choices=list(DRILLS), action="append", help="a drill; default: all")
    given = ask.parse_args()
    for name in given.model or list(RUNS):
        for row in run_model(name, given.drill or list(DRILLS)):
            keep(row)
    rows = json.loads(RESULTS.read_text())
    print(render(rows))
    PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


def run_model(name: str, drills: Sequence[str]) -> Iterator[Row]:
    """Yield the row of each drill of a model, and draw one of them."""
    recipe, start = RUNS[name]
    catalog = load_catalog(PROJECT / "include" / "catalog")
    shipped = catalog.model(name)
    model = shipped.model_copy(update={"recipes": (shipped.recipe(recipe),)})
    plans = [plan_run(model, drill, start) for drill in drills]
    nights = None if name in NIGHTS else max((plan.all_nights(model) for plan in plans), key=len)
    quiet = KeptFits(catalog, model, read_year(catalog, shipped, nights))
    for drill, plan in zip(drills, plans, strict=True):
        began = time.process_time()
        try:
            result = run_drill(quiet, plan, _report)
        except DrillError as error:
            print(f"{name}: {drill} does not apply: {error}", file=sys.stderr)
            continue
        print(f"{name}: {drill} took {time.process_time() - began:.0f} CPU seconds", file=sys.stderr)
        if (name, drill) == DRAWN:
            (PROJECT / "docs" / f"drill-{drill}-{name}.svg").write_text(draw_drill(result) + "\n")
        yield summarise(result)


def plan_run(model: ModelSpec, drill: str, start: date) -> Plan:
    """Return the plan of a drill with the nights of the benchmark."""
    plan = plan_drill(model, drill, start)
    return plan if drill in LONG else plan._replace(nights=SHORT_NIGHTS)


def summarise(result: DrillResult) -> Row:
    """Return the row of a drill."""
    ours, kinds = result.served["ours"], [mail.kind for mail in result.mails]
    row: Row = {
        "model": result.model,
        "drill": result.drill,
        "start": str(result.start),
        "finding": describe_finding(result),
        "nights": len(result.nights),
        "held": result.held,
        "held_in_a_row": longest_held(result.monitored),
        "blocked_by": dict(Counter(guard for night in result.monitored for guard in night.blocked_by)),
        "mails": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "oracle_window": result.oracle_window,
    }
    for name in STRATEGIES:
        against, loss = compare_served(result.served[name], ours), result.mean_loss(name)
        low, high = (None, None) if against is None else against.ends
        row[name] = {
            "loss": None if loss is None else round(loss, 5),
            "minus_ours": None if against is None else round(against.mean, 5),
            "ci_low": None if low is None else round(low, 5),
            "ci_high": None if high is None else round(high, 5),
        }
    return row


def longest_held(nights: Sequence[DrilledNight]) -> int:
    """Return the largest number of nights in a row whose refresh was held."""
    runs = (len(list(run)) for refresh, run in groupby(one.refresh for one in nights) if refresh == "held")
    return max(runs, default=0)


def keep(row: Row) -> None:
    """Store the row of a run, in place of an earlier one."""
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    rows = [other for other in rows if (other["model"], other["drill"]) != (row["model"], row["drill"])]
    rows = sorted([*rows, row], key=lambda one: (one["model"], list(DRILLS).index(one["drill"])))
    keep_rows(RESULTS, rows)


def render(rows: Sequence[Row]) -> str:
    """Return the table of the page."""
    lines = [
        "| model | drill | verdict | refreshes held | mails | ours | oracle | static | blind nightly |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        mails = ", ".join(f"{kind} {count}" for kind, count in row["mails"].items()) or "none"
        losses = " | ".join(_loss(name, row) for name in STRATEGIES)
        lines.append(
            f"| `{row['model']}` | {row['drill']} | {row['finding']} | {_held(row)} | {mails} | {losses} |"
        )
    return "\n".join([*lines, ""])


def _held(row: Row) -> str:
    held = f"{row['held']} of {row['nights']}"
    if not row["held"] or "blocked_by" not in row:
        return held
    guards = sorted(row["blocked_by"].items(), key=lambda one: -one[1])
    listed = ", ".join(f"{guard} {count}" for guard, count in guards)
    return f"{held}, {row['held_in_a_row']} in a row ({listed})"


def _loss(name: str, row: Row) -> str:
    found = row[name]
    if name == "ours" or found["minus_ours"] is None:
        return "–" if found["loss"] is None else f"{found['loss']:.4f}"
    shown = found["ci_low"] is not None and (found["ci_low"] > 0 or found["ci_high"] < 0)
    window = f", {row['oracle_window']} days" if name == "oracle" else ""
    return f"{found['loss']:.4f} ({found['minus_ours']:+.4f}{'*' if shown else ''}{window})"


def _report(night: date) -> None:
    if night.day in (1, 15):
        print(f"  {night}", file=sys.stderr)


if __name__ == "__main__":
    main()
