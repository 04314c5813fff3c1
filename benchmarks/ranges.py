"""What the features of a range of nights cost on DuckDB and on Spark, in CPU time, wall time and memory.

python -m benchmarks.ranges                writes benchmarks/results/ranges.json and docs/SCALING.md
python -m benchmarks.ranges --times 1      only the flights as they are; nothing is kept

The range is the history of `make bench-night`: 245 nights of real flights; then the same with every flight ten times,
under other numbers. Both engines must write the same rows. A build is a process of its own; imports and the JVM's start
count. DuckDB uses one core, Spark all.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.keeping import keep_rows, put_into
from benchmarks.night.history import DAILY, HISTORY, MODEL, publish_datasets
from benchmarks.processes import run_module
from contender.featurizing import Plan, collect, plan_features, run_in_process, run_on_spark
from contender.installation import Installation
from contender.lake import stage
from contender.settings import PROJECT, SHORT_LIVED_JVM, Settings
from contender.specs import Days

RESULTS = PROJECT / "benchmarks" / "results" / "ranges.json"
PAGE = PROJECT / "docs" / "SCALING.md"
BEGIN, END = "<!-- ranges: made by `python -m benchmarks.ranges` -->", "<!-- end of ranges -->"
TIMES = (1, 10)
NIGHTS = Days(first=HISTORY.first - timedelta(days=1), last=HISTORY.last)
ENGINES: dict[str, Callable[[Plan], None]] = {"duckdb": run_in_process, "spark": run_on_spark}
JVM = {"JDK_JAVA_OPTIONS": SHORT_LIVED_JVM}  # as `contender up` starts it
Row = dict[str, Any]


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument(
        "--times", type=int, action="append", help="how often each flight; default: once, ten times"
    )
    ask.add_argument("--do", nargs=3, metavar=("WHAT", "HOME", "TIMES"), help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.do:
        what, home, times = given.do
        print(json.dumps(do(what, Path(home), int(times))))
        return
    rows = [row for times in given.times or TIMES for row in measure(times)]
    print(render(rows))
    if not given.times:
        keep_rows(RESULTS, rows)
        PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


def measure(times: int) -> Iterator[Row]:
    """Publish the datasets, and build the range on each engine. Exit if they differ."""
    with tempfile.TemporaryDirectory() as home:
        words = ["benchmarks.ranges", "--do"]
        published = run_module([*words, "publish", home, str(times)])
        built = {engine: run_module([*words, engine, home, str(times)], JVM) for engine in ENGINES}
    made = [one.pop("made") for one in built.values()]
    if made[0] != made[1]:
        raise SystemExit(f"the engines differ: {made}")
    for engine, figures in built.items():
        row = published | {"engine": engine} | figures
        print(row, file=sys.stderr)
        yield row


def do(what: str, home: Path, times: int) -> Row:
    """Publish the datasets, or build the range on an engine, and return what it took."""
    if what == "publish":
        here = Installation(Settings(home=home))
        publish_datasets(here)
        return {"input_rows": sum(multiply(here, name, times) for name in DAILY)}
    here = Installation(Settings(home=home, engine=what))
    model = here.catalog.model(MODEL)
    plan = plan_features(here.catalog, model, NIGHTS, here.lake, here.settings)
    began, before = time.perf_counter(), _cpu()
    ENGINES[what](plan)
    taken = {"cpu_seconds": round(_cpu() - before, 1), "wall_seconds": round(time.perf_counter() - began, 1)}
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9
    batches = collect(model, plan, here.settings)
    made = {name: batch.fingerprint for name, batch in batches.items()}
    return taken | {"peak_gb": round(peak, 2), "made": made}


def multiply(here: Installation, name: str, times: int) -> int:
    """Publish every flight of a dataset several times, under other numbers, and return its rows."""
    contract = here.catalog.dataset(name).contract
    rows = here.lake.read(contract)
    if times == 1 or "flight" not in rows.column_names:
        return int(rows.num_rows)
    place = rows.column_names.index("flight")
    copies = [rows.set_column(place, "flight", pc.add(rows["flight"], 10_000 * nth)) for nth in range(times)]
    many = pa.concat_tables(copies).sort_by([(column, "ascending") for column in contract.primary_key])
    days = here.lake.days(contract.table)
    batch = stage(many, contract, Days(first=days[0], last=days[-1]), here.settings.staging)
    here.lake.publish(contract, batch)
    return int(many.num_rows)


def render(rows: Sequence[Row]) -> str:
    """Return the table of the page."""
    lines = ["| input rows | engine | CPU s | wall s | peak GB |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        cells = (row["engine"], row["cpu_seconds"], row["wall_seconds"], f"{row['peak_gb']:.2f}")
        lines.append(f"| {row['input_rows']:,} | {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, ""])


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
