"""Measure the cost of comparing a day with its recent days, beside Evidently on the same rows.

python -m benchmarks.monitoring.cost                 writes benchmarks/results/monitoring-cost.json and the page
python -m benchmarks.monitoring.cost --rows 100000   a smaller run, printed and not stored

The rows are made up: 19 features of the types of the flights. Each measurement is a process of its own. Sketches of the
recent days are made before it, as they are in the nights before; Evidently has no such state and reads both samples.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.keeping import put_into
from contender.monitoring.changes import find_changes
from contender.profiles import profile
from contender.records import DayProfile
from contender.settings import PROJECT
from contender.specs import Column, Contract, Monitoring

RESULTS = PROJECT / "benchmarks" / "results" / "monitoring-cost.json"
PAGE = PROJECT / "docs" / "MONITORING.md"
BEGIN, END = "<!-- cost: made by `python -m benchmarks.monitoring.cost` -->", "<!-- end of cost -->"
ROWS, NUMBERS, CATEGORIES = 1_000_000, 16, 3
DAY = date(2013, 9, 1)
CONTRACT = Contract(
    table="features.made_up",
    owner="benchmarks@contender.example",
    columns=(
        Column(name="day", type="date", description="of the row"),
        Column(name="row", type="integer", description="of the day"),
        *(Column(name=f"number_{n}", type="number", description="made up") for n in range(NUMBERS)),
        *(Column(name=f"category_{n}", type="string", description="made up") for n in range(CATEGORIES)),
    ),
    primary_key=("day", "row"),
)

Row = dict[str, Any]


def make_day(back: int, rows: int) -> pa.Table:
    """Return the features of a day that many days ago."""
    random = np.random.default_rng(back)
    names = np.array([f"value {n}" for n in range(20)])
    numbers = {f"number_{n}": random.lognormal(1, 1, rows) for n in range(NUMBERS)}
    categories = {f"category_{n}": names[random.integers(0, 20, rows)] for n in range(CATEGORIES)}
    day = pa.array([DAY - timedelta(days=back)] * rows, pa.date32())
    return pa.table({"day": day, "row": np.arange(rows), **numbers, **categories})


def profile_made_up(back: int, rows: int) -> DayProfile:
    """Return the profile of a made-up day."""
    return profile(CONTRACT, DAY - timedelta(days=back), "", make_day(back, rows))


def compare_by_sketches(rows: int, days: int) -> Callable[[], object]:
    """Return the work of a night: sketch a day, and compare it with the sketches of recent days."""
    recent = [profile_made_up(back, 1_000) for back in range(days, 0, -1)]
    today = make_day(0, rows)
    return lambda: find_changes(profile(CONTRACT, DAY, "", today), recent, Monitoring(reference_days=days))


def compare_by_evidently(rows: int, _: int) -> Callable[[], object]:
    """Return the same comparison by Evidently: a day with as many rows of recent days."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    kinds = [(column.name, column.type) for column in CONTRACT.columns[2:]]
    definition = DataDefinition(
        numerical_columns=[name for name, kind in kinds if kind == "number"],
        categorical_columns=[name for name, kind in kinds if kind == "string"],
    )
    frames = [make_day(back, rows).drop_columns(["day", "row"]).to_pandas() for back in (0, 1)]
    sides = [Dataset.from_pandas(frame, data_definition=definition) for frame in frames]
    report = Report([DataDriftPreset(num_method="wasserstein", cat_method="jensenshannon")])
    return lambda: report.run(*sides).dict()


MEASURED: Mapping[str, tuple[Callable[[int, int], Callable[[], object]], int]] = {
    "Contender, 28 recent days": (compare_by_sketches, 28),
    "Contender, 365 recent days": (compare_by_sketches, 365),
    "Evidently, one sample of recent days": (compare_by_evidently, 0),
}


def measure_cost(name: str, rows: int) -> Row:
    """Return CPU seconds and peak memory of a comparison; run it in a process of its own."""
    prepare, days = MEASURED[name]
    work = prepare(rows, days)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    work()
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "name": name,
        "rows": rows,
        "seconds": round(seconds, 2),
        "peak_mb": peak // 1024,
        "added_mb": (peak - before) // 1024,
    }


def render(rows: list[Row]) -> str:
    """Return the table of the page."""
    lines = [
        f"One day of {rows[0]['rows']:,} rows with {NUMBERS + CATEGORIES} features:".replace(",", " "),
        "",
        "| comparison | CPU seconds | peak memory, with the rows | of which the comparison adds |",
        "| --- | --- | --- | --- |",
        *(f"| {r['name']} | {r['seconds']:.1f} | {r['peak_mb']} MB | {r['added_mb']} MB |" for r in rows),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rows", type=int, default=ROWS, help="rows of the day")
    wanted = ask.parse_args().rows
    rows = []
    for name in MEASURED:
        with multiprocessing.get_context("spawn").Pool(1) as process:
            rows.append(process.apply(measure_cost, (name, wanted)))
    print(render(rows))
    if wanted == ROWS:
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
        PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


if __name__ == "__main__":
    main()
