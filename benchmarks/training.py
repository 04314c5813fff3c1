"""What a fit costs by the rows of its window, in CPU time and memory: on all rows, and on a sample of them.

python -m benchmarks.training                 writes benchmarks/results/training.json and docs/SCALING.md
python -m benchmarks.training --rows 100000   smaller, for a look; nothing is kept

Made-up flights of four weeks are in the lake, and a linear recipe is trained on them: read, draw, fit, store and
register. Each measurement is a process of its own with one thread; CPU seconds exclude its imports, memory is the most
that it held.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.keeping import keep_rows, put_into
from benchmarks.processes import peak_gb, run_module
from contender.installation import Installation
from contender.lake import spool, stage
from contender.records import migrate
from contender.settings import PROJECT
from contender.specs import Days
from contender.training import train, training_days
from tests.integration.made_up import NIGHT, copy_catalog, make_flights

RESULTS = PROJECT / "benchmarks" / "results" / "training.json"
PAGE = PROJECT / "docs" / "SCALING.md"
BEGIN, END = "<!-- training: made by `make bench-training` -->", "<!-- end of training -->"
MODEL, WINDOW = "flight_delay", 28
ROWS = (100_000, 1_000_000, 5_000_000)
MOST = 200_000
RECIPES = {"linear": "all rows", "sampled": f"max_rows={MOST:_}"}
Row = dict[str, Any]


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rows", type=int, action="append", help="rows of the window; default: all sizes")
    ask.add_argument("--do", nargs=2, metavar=("WHAT", "ROWS"), help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.do:
        print(json.dumps(do(given.do[0], int(given.do[1]))))
        return
    rows = [measure(size) for size in given.rows or ROWS]
    print(render(rows))
    if not given.rows:
        keep_rows(RESULTS, rows)
        PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


def measure(size: int) -> Row:
    """Publish a window of so many rows, and train each recipe on it."""
    with tempfile.TemporaryDirectory() as folder:
        spec = copy_catalog(Path(folder) / "catalog").model_home(MODEL) / "spec.py"
        fields = f'estimator="linear", window_days={WINDOW}, max_rows={MOST}, parameters={{"C": 0.1}}'
        sampled = f'    recipes=(\n        Recipe(name="sampled", {fields}),\n'
        text = spec.read_text().replace("window_days=365", f"window_days={WINDOW}")
        spec.write_text(text.replace("    recipes=(\n", sampled, 1))
        environment = {
            "CONTENDER_HOME": f"{folder}/home",
            "CONTENDER_CATALOG_HOME": f"{folder}/catalog",
            "OMP_NUM_THREADS": "1",
        }
        _, *taken = (
            run_module(["benchmarks.training", "--do", what, str(size)], environment)
            for what in ("publish", *RECIPES)
        )
        row = {"rows": size, **dict(zip(RECIPES, taken, strict=True))}
    print(json.dumps(row), file=sys.stderr)
    return row


def do(what: str, size: int) -> Row:
    """Publish the window or train a recipe in this process; return CPU seconds and the most memory in gigabytes."""
    from contender.settings import settings

    migrate(settings().records)
    here = Installation(settings())
    model = here.catalog.model(MODEL)
    if what == "publish":
        publish(here, training_days(model, model.recipe("linear"), NIGHT), size)
        return {}
    began = time.process_time()
    trained = train(here, model, model.recipe(what), NIGHT)
    taken = time.process_time() - began
    return {"cpu_seconds": round(taken, 2), "peak_gb": peak_gb(), "trained_on": trained.rows}


def publish(here: Installation, window: Days, size: int) -> None:
    """Publish features and labels of made-up flights, the same number on each day of the window."""
    model = here.catalog.model(MODEL)
    for contract in (model.feature_contract, model.label_contract):
        with tempfile.TemporaryDirectory() as folder:
            made = (
                pa.Table.from_pandas(
                    make_flights(model, Days.one(day), size // len(window))[list(contract.column_names)],
                    preserve_index=False,
                )
                for day in window.each()
            )
            spooled = spool(made, contract, Path(folder))
            here.lake.publish(contract, stage(spooled, contract, window, here.settings.staging))


def render(rows: Sequence[Row]) -> str:
    """Return the table of the page."""
    return "\n".join([*_lines(rows), ""])


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    head = [f"{label}, {figure}" for label in RECIPES.values() for figure in ("CPU s", "peak GB")]
    yield f"| rows of the window | {' | '.join(head)} |"
    yield "| --- |" + " --- |" * len(head)
    for row in rows:
        cells = [f"{row[recipe]['cpu_seconds']:.1f} | {row[recipe]['peak_gb']:.2f}" for recipe in RECIPES]
        yield f"| {row['rows']:,} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
