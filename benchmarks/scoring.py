"""What scoring a night costs by the number of rows, in CPU time and memory, beside a bare call of the pipeline.

python -m benchmarks.scoring                  writes benchmarks/results/scoring.json and docs/SCALING.md
python -m benchmarks.scoring --rows 100000    smaller, for a look; nothing is kept

Features of made-up flights are in the lake, and a linear model and boosted trees score them: read, predict, stage.
The bare call predicts all rows of the day in one frame, and writes nothing. Each measurement is a process of its own
with one thread; CPU seconds exclude its imports, memory is the most that it held.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.promotion.page import put_into
from contender.installation import Installation
from contender.lake import spool, stage
from contender.settings import PROJECT, Settings
from contender.specs import Days, ModelSpec
from tests.integration.made_up import NIGHT, copy_catalog, install_flights, make_flights, run_night

RESULTS = PROJECT / "benchmarks" / "results" / "scoring.json"
PAGE = PROJECT / "docs" / "SCALING.md"
BEGIN, END = "<!-- scoring: made by `make bench-scoring` -->", "<!-- end of scoring -->"
ROWS = (100_000, 1_000_000, 5_000_000, 20_000_000)
MOST_IN_A_FRAME = 5_000_000  # the bare call would need more memory than a machine has for a task
RECIPES = ("linear", "boosted_trees")
_SLAB = 1_000_000  # rows that are made at once
Row = dict[str, Any]


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rows", type=int, action="append", help="rows of the day; default: all sizes")
    ask.add_argument("--do", nargs=3, metavar=("WHAT", "NIGHT", "ROWS"), help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.do:
        what, night, size = given.do
        print(json.dumps(do(what, date.fromisoformat(night), int(size))))
        return
    rows = [row for recipe in RECIPES for row in run(recipe, given.rows or ROWS)]
    print(render(rows))
    if not given.rows:
        RESULTS.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
        PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


def run(recipe: str, sizes: tuple[int, ...]) -> Iterator[Row]:
    """Yield the row of each size, scored by a champion of this recipe."""
    with tempfile.TemporaryDirectory() as folder:
        here = Settings(home=Path(folder) / "home")
        catalog = copy_catalog(Path(folder) / "catalog")
        stores = install_flights(here, catalog)
        run_night(stores, NIGHT, [recipe])
        environment = {
            "CONTENDER_HOME": str(here.home),
            "CONTENDER_CATALOG_HOME": str(catalog.home),
            "OMP_NUM_THREADS": "1",
        }
        for nth, size in enumerate(sizes, 1):
            night = NIGHT + timedelta(days=nth)
            ways = ["score"] + (["bare call"] if size <= MOST_IN_A_FRAME else [])
            # A process starts with its parent's peak: this one stays small.
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
    done = subprocess.run(
        words, stdout=subprocess.PIPE, text=True, check=True, cwd=PROJECT, env=os.environ | environment
    )
    found: Row = json.loads(done.stdout.splitlines()[-1])
    return found


def do(what: str, night: date, size: int) -> Row:
    """Publish or score the night in this process, and return CPU seconds and the most memory in gigabytes."""
    from contender.scoring import score
    from contender.settings import settings

    here = Installation(settings())
    model, nights = here.catalog.model("flight_delay"), Days.one(night)
    if what == "publish":
        publish_day(here, model, night, size)
        return {}
    champion = here.registry.champion(model.name)
    assert champion is not None
    pipeline = here.registry.load(model.name, champion.version)
    began = time.process_time()
    if what == "score":
        score(here, model, nights)
    else:
        rows = here.lake.read(model.feature_contract, model.scored_days(nights)).to_pandas()
        pipeline.predict_proba(rows[list(champion.features)])
    taken = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return {"cpu_seconds": round(taken, 2), "peak_gb": round(peak, 2)}


def render(rows: list[Row]) -> str:
    """Return the table of the page."""
    head = ("recipe", "rows a day", "CPU s", "rows per CPU s", "peak GB", "bare call, CPU s", "its peak GB")
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for row in rows:
        ours, bare = row["score"], row.get("bare call")
        rate = f"{row['rows'] / max(ours['cpu_seconds'], 0.01):,.0f}"
        beside = "– | –" if bare is None else f"{bare['cpu_seconds']:.1f} | {bare['peak_gb']:.2f}"
        mine = f"{ours['cpu_seconds']:.1f} | {rate} | {ours['peak_gb']:.2f}"
        lines.append(f"| `{row['recipe']}` | {row['rows']:,} | {mine} | {beside} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
