"""What scoring a night costs by the number of rows, in CPU time and memory: in process, by a bare call, and on Spark.

python -m benchmarks.scoring                  writes benchmarks/results/scoring*.json and docs/SCALING.md
python -m benchmarks.scoring --table spark    only one of its tables: process or spark
python -m benchmarks.scoring --rows 100000    smaller, for a look; nothing is kept

Features of made-up flights are in the lake, and a linear model and boosted trees score them: read, predict, stage.
The bare call predicts all rows of the day in one frame, and writes nothing. Each measurement is a process of its own
with one thread; CPU seconds exclude its imports, memory is the most that it held.

On Spark, two cores of this machine score the same rows. CPU seconds include the JVM and the Python workers with their
imports, memory is the most that all processes held together, what they share counted once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pyarrow as pa

from benchmarks.keeping import put_into
from benchmarks.processes import peak_gb
from contender.installation import Installation
from contender.lake import spool, stage
from contender.settings import PROJECT, SHORT_LIVED_JVM, Settings
from contender.specs import Days, ModelSpec
from tests.integration.made_up import NIGHT, copy_catalog, install_flights, make_flights, run_night

PAGE = PROJECT / "docs" / "SCALING.md"
ROWS = (100_000, 1_000_000, 5_000_000, 20_000_000)
MOST_IN_A_FRAME = 5_000_000  # the bare call would need more memory than a machine has for a task
MASTER = "local[2]"
RECIPES = ("linear", "boosted_trees")
_SLAB = 1_000_000  # rows that are made at once
Row = dict[str, Any]


class Table(NamedTuple):
    """A table of the page: where its results are stored, its recipes, sizes and measurements, and its name."""

    results: Path
    recipes: tuple[str, ...]
    sizes: tuple[int, ...]
    ways: tuple[str, ...]
    name: str

    def place(self) -> tuple[str, str]:
        """Return the comments around the table."""
        return f"<!-- {self.name}: made by `make bench-scoring` -->", f"<!-- end of {self.name} -->"


_STORED = PROJECT / "benchmarks" / "results"
TABLES = {
    "process": Table(_STORED / "scoring.json", RECIPES, ROWS, ("score", "bare call"), "scoring"),
    "spark": Table(_STORED / "scoring_on_spark.json", RECIPES, ROWS, ("score", "spark"), "scoring on Spark"),
}


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rows", type=int, action="append", help="rows of the day; default: all sizes")
    ask.add_argument("--table", choices=TABLES, action="append", help="default: all")
    ask.add_argument("--do", nargs=3, metavar=("WHAT", "NIGHT", "ROWS"), help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.do:
        what, night, size = given.do
        print(json.dumps(do(what, date.fromisoformat(night), int(size))))
        return
    for name in given.table or TABLES:
        table, render = TABLES[name], RENDER[name]
        rows = [row for recipe in table.recipes for row in run(recipe, given.rows or table.sizes, table.ways)]
        print(render(rows))
        if not given.rows:
            table.results.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
            PAGE.write_text(put_into(PAGE.read_text(), render(rows), *table.place()))


def run(recipe: str, sizes: tuple[int, ...], wanted: tuple[str, ...]) -> Iterator[Row]:
    """Yield the row of each size, scored by a champion of this recipe in the wanted ways."""
    with tempfile.TemporaryDirectory() as folder:
        here = Settings(home=Path(folder) / "home")
        catalog = copy_catalog(Path(folder) / "catalog")
        stores = install_flights(here, catalog)
        run_night(stores, NIGHT, [recipe])
        environment = {
            "CONTENDER_HOME": str(here.home),
            "CONTENDER_CATALOG_HOME": str(catalog.home),
            "OMP_NUM_THREADS": "1",
            "JDK_JAVA_OPTIONS": SHORT_LIVED_JVM,  # as the container stack sets them
        }
        for nth, size in enumerate(sizes, 1):
            night = NIGHT + timedelta(days=nth)
            ways = [way for way in wanted if way != "bare call" or size <= MOST_IN_A_FRAME]
            _in_a_process("publish", night, size, environment)
            found = {way: _in_a_process(way, night, size, environment) for way in ways}
            row = {"recipe": recipe, "rows": size, **found}
            print(json.dumps(row), file=sys.stderr)
            yield row


def publish_day(here: Installation, model: ModelSpec, night: date, size: int) -> None:
    """Publish the features of many made-up flights, which a night scores."""
    contract, days = model.feature_contract, model.scored_days(Days.one(night))
    with tempfile.TemporaryDirectory() as folder:
        spooled = spool(_make_slabs(model, days, size), contract, Path(folder))
        here.lake.publish(contract, stage(spooled, contract, days, here.settings.staging))


def _make_slabs(model: ModelSpec, days: Days, size: int) -> Iterator[pa.Table]:
    for begin in range(0, size, _SLAB):
        rows = make_flights(model, days, min(_SLAB, size - begin))
        rows["flight"] += begin
        yield pa.Table.from_pandas(rows, preserve_index=False)


def _in_a_process(what: str, night: date, size: int, environment: dict[str, str]) -> Row:
    words = [sys.executable, "-m", "benchmarks.scoring", "--do", what, str(night), str(size)]
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.Popen(words, stdout=output, cwd=PROJECT, env=os.environ | environment)
        watched = _watch(done) if what == "spark" else {}
        if done.wait():
            raise SystemExit(f"{what} of {size} rows failed")
        output.seek(0)
        found: Row = json.loads(output.read().splitlines()[-1])
    cpu = round(found.get("cpu_seconds", 0) + watched.pop("cpu_of_children", 0), 2)
    return found | ({**watched, "cpu_seconds": cpu} if watched else {})


def _watch(started: subprocess.Popen[bytes]) -> dict[str, float]:
    """Return the most memory of a process with its children, and the CPU seconds of the children, until it ends."""
    cpu: dict[int, float] = {}
    peak, main = 0, psutil.Process(started.pid)
    while started.poll() is None:
        held = 0
        with contextlib.suppress(psutil.NoSuchProcess):
            for each in (main, *main.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    used = each.cpu_times()
                    cpu[each.pid] = used.user + used.system
                    held += each.memory_full_info().pss
        peak = max(peak, held)
        time.sleep(0.1)
    del cpu[started.pid]
    return {"cpu_of_children": sum(cpu.values()), "peak_gb": round(peak / 1e9, 2)}


def do(what: str, night: date, size: int) -> Row:
    """Publish or score the night in this process, and return CPU seconds and the most memory in gigabytes."""
    from contender.scoring import score
    from contender.settings import settings
    from contender.submitting import submit_here

    from_rows = 1 if what == "spark" else sys.maxsize
    here = Installation(settings().model_copy(update={"score_spark_rows": from_rows}))
    model, nights = here.catalog.model("flight_delay"), Days.one(night)
    if what == "publish":
        publish_day(here, model, night, size)
        return {}
    champion = here.registry.champion(model.name)
    assert champion is not None
    pipeline = here.registry.load(model.name, champion.version)
    began, at = time.process_time(), time.monotonic()
    if what != "bare call":
        score(here, model, nights, partial(submit_here, master=MASTER))
    else:
        rows = here.lake.read(model.feature_contract, model.scored_days(nights)).to_pandas()
        pipeline.predict_proba(rows[list(champion.features)])
    taken = time.process_time() - began
    wall = round(time.monotonic() - at, 1)
    return {"cpu_seconds": round(taken, 2), "wall_seconds": wall, "peak_gb": peak_gb()}


def render_process(rows: list[Row]) -> str:
    """Return the table of scoring in process beside the bare call."""
    head = ("recipe", "rows a day", "CPU s", "rows per CPU s", "peak GB", "bare call, CPU s", "its peak GB")
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for row in rows:
        ours, bare = row["score"], row.get("bare call")
        rate = f"{row['rows'] / max(ours['cpu_seconds'], 0.01):,.0f}"
        beside = "– | –" if bare is None else f"{bare['cpu_seconds']:.1f} | {bare['peak_gb']:.2f}"
        mine = f"{ours['cpu_seconds']:.1f} | {rate} | {ours['peak_gb']:.2f}"
        lines.append(f"| `{row['recipe']}` | {row['rows']:,} | {mine} | {beside} |")
    return "\n".join([*lines, ""])


def render_spark(rows: list[Row]) -> str:
    """Return the table of scoring in process beside Spark."""
    each = ("CPU s", "rows per CPU s", "wall s", "rows per s", "peak GB")
    head = ("recipe", "rows a day", *(f"in process: {each[0]}", *each[1:]), *(f"Spark: {each[0]}", *each[1:]))
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for row in rows:
        figures = [_describe(row[way], row["rows"]) for way in ("score", "spark")]
        lines.append(f"| `{row['recipe']}` | {row['rows']:,} | {' | '.join(figures)} |")
    return "\n".join([*lines, ""])


def _describe(found: Row, size: int) -> str:
    """Return the cells of one measurement."""
    cpu, wall = found["cpu_seconds"], found["wall_seconds"]
    cells = (f"{cpu:.1f}", f"{size / max(cpu, 0.01):,.0f}", f"{wall:.1f}", f"{size / max(wall, 0.1):,.0f}")
    return " | ".join((*cells, f"{found['peak_gb']:.2f}"))


RENDER = {"process": render_process, "spark": render_spark}


if __name__ == "__main__":
    main()
