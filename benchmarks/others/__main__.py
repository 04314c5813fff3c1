"""What a step costs beside other orchestrators: the same chain of steps in Airflow, Dagster, Prefect and Kedro.

python -m benchmarks.others             writes benchmarks/results/others.json and docs/COMPARISON.md
python -m benchmarks.others --rounds 1  a smaller run, printed and not stored

A step reads a number of the step before from a file, and writes one. A chain of 21 steps minus a chain of one, divided
by 20, is what a step costs; so starting a program, which a night does once, is not counted. Where steps share a process
and cost little, the chain has 201 steps. The programs take turns.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.keeping import keep_rows, put_into
from benchmarks.others.ways import Run, Used, open_ways
from contender.settings import PROJECT

RESULTS = PROJECT / "benchmarks" / "results" / "others.json"
PAGE = PROJECT / "docs" / "COMPARISON.md"
BEGIN, END = "<!-- others: made by `make bench-others` -->", "<!-- end of others -->"
SHORT, LONG, LONGER, ROUNDS = 1, 21, 201, 5
OURS = "Airflow"
ISOLATED = {
    "a loop in Python": "no",
    "Kedro": "no",
    "Prefect": "no",
    "Dagster, in one process": "no",
    "Dagster": "yes",
    OURS: "yes",
}
Row = dict[str, Any]


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rounds", type=int, default=ROUNDS, help="how often the programs take turns")
    rounds = ask.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, open_ways(Path(folder), (SHORT, LONG)) as ways:
        measured = [run_round(ways, Path(folder) / f"round-{nth}") for nth in range(rounds)]
    rows = [summarise(way, measured) for way in ISOLATED]
    print(render(rows))
    if rounds == ROUNDS:
        keep_rows(RESULTS, rows)
        PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


def run_round(ways: Mapping[str, Run], folder: Path) -> dict[str, Used]:
    """Return what a step costs in each program."""
    found = {}
    for nth, (way, run) in enumerate(ways.items()):
        of_length, most = {}, LONG if ISOLATED[way] == "yes" else LONGER
        for length in (SHORT, most):
            own = folder / f"{nth}-{length}"
            own.mkdir(parents=True)
            of_length[length] = run(own, length)
        short, long = of_length[SHORT], of_length[most]
        found[way] = Used(
            *((after - before) / (most - SHORT) for before, after in zip(short, long, strict=True))
        )
        print(way, found[way], file=sys.stderr)
    return found


def summarise(way: str, measured: Sequence[Mapping[str, Used]]) -> Row:
    """Return the seconds of a step, and their ratios to Airflow's of the same round."""
    row: Row = {"way": way}
    for figure in ("wall", "cpu"):
        seconds = [getattr(one[way], figure) for one in measured]
        ratios = [mine / getattr(one[OURS], figure) for mine, one in zip(seconds, measured, strict=True)]
        row[figure] = {
            "seconds": round(median(seconds), 4),
            "ratio": round(median(ratios), 4),
            "low": round(min(ratios), 4),
            "high": round(max(ratios), 4),
        }
    return row


def render(rows: Sequence[Row]) -> str:
    """Return the table of the page."""
    lines = [
        "| program | a process for each step | wall time of a step, times Airflow's | CPU time, times Airflow's |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['way']} | {ISOLATED[row['way']]} | {_ratio(row['wall'])} | {_ratio(row['cpu'])} |"
        for row in rows
    ]
    return "\n".join([*lines, ""])


def _ratio(found: Mapping[str, float]) -> str:
    if found["ratio"] == found["low"] == found["high"] == 1:
        return "1"
    return f"{found['ratio']:.2g} ({found['low']:.2g} to {found['high']:.2g})"


if __name__ == "__main__":
    main()
