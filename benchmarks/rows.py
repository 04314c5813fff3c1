"""What the tasks of a night cost by the rows of a day, in CPU time and memory.

python -m benchmarks.rows                 writes benchmarks/results/rows.json and docs/SCALING.md
python -m benchmarks.rows --rows 300000   another size; nothing is kept

Made-up flights have 26 columns and the same number of rows on each day. Each task is a process of its own with one
thread, in the order of a night, after ten days of history and a first champion; CPU seconds include what it imports of
its own, memory is the most that it held.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.keeping import keep_rows, put_into
from benchmarks.processes import peak_gb, run_module
from contender.installation import Installation
from contender.lake import spool, stage
from contender.records import StagedBatch, migrate
from contender.settings import PROJECT
from contender.specs import Contract, Days, ModelSpec
from tests.integration.made_up import NIGHT, copy_catalog, make_flights, record_gate

RESULTS = PROJECT / "benchmarks" / "results" / "rows.json"
PAGE = PROJECT / "docs" / "SCALING.md"
BEGIN, END = "<!-- rows: made by `make bench-rows` -->", "<!-- end of rows -->"
MODEL, WINDOW, MOST = "flight_delay", 2, 200_000
ROWS = (100_000, 1_000_000, 5_000_000)
SCORED = NIGHT + timedelta(days=1)
HISTORY = Days.one(NIGHT).reaching_back(9)
BATCH, RIVAL = "batch.json", "rival"
Row = dict[str, Any]
Make = Callable[[pd.DataFrame], pd.DataFrame]


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rows", type=int, action="append", help="rows of a day; default: all sizes")
    ask.add_argument("--do", nargs=2, metavar=("TASK", "ROWS"), help=argparse.SUPPRESS)
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
    """Make an installation with so many rows a day, and run the tasks of its night."""
    with tempfile.TemporaryDirectory() as folder:
        spec = copy_catalog(Path(folder) / "catalog").model_home(MODEL) / "spec.py"
        sampled = f'Recipe(name="sampled", estimator="linear", window_days={WINDOW}, max_rows={MOST}),'
        spec.write_text(spec.read_text().replace("    recipes=(\n", f"    recipes=(\n        {sampled}\n", 1))
        environment = {
            "CONTENDER_HOME": f"{folder}/home",
            "CONTENDER_CATALOG_HOME": f"{folder}/catalog",
            "OMP_NUM_THREADS": "1",
        }
        taken = {}
        for task in ("prepare", *TASKS):
            taken[task] = run_module(["benchmarks.rows", "--do", task, str(size)], environment)
            print(size, task, taken[task], file=sys.stderr)
    return {"rows": size, "tasks": {task: taken[task] for task in TASKS}}


def do(task: str, size: int) -> Row:
    """Run a task in this process; return CPU seconds and the most memory in gigabytes."""
    from contender.settings import settings

    migrate(settings().records)
    here = Installation(settings())
    model = here.catalog.model(MODEL)
    began = time.process_time()
    if task == "prepare":
        prepare(here, model, size)
    else:
        TASKS[task](here, model)
    taken = time.process_time() - began
    return {"cpu_seconds": round(taken, 2), "peak_gb": peak_gb()}


def prepare(here: Installation, model: ModelSpec, size: int) -> None:
    """Publish the history, train the first champion, publish its predictions, and stage the features of the night."""
    from contender.monitoring import compare_day
    from contender.retraining import InstalledStores, run_night
    from contender.training import fingerprint_recipe

    for contract in (model.feature_contract, model.label_contract):
        batch = _stage(here, model, contract, HISTORY, size)
        record_gate(here.settings, batch, contract.owner)
        here.lake.publish(contract, batch)
    night = NIGHT - timedelta(days=1)
    first = run_night(InstalledStores(here, model), night, ["sampled"])
    assert first.entered[0].kind == "first", first.entered[0].summary()
    served = Days(first=NIGHT - timedelta(days=2), last=NIGHT)
    snapshot = here.lake.snapshot(model.feature_contract.table)
    incumbent = fingerprint_recipe(model, model.recipe("sampled"), here.catalog.model_home(MODEL))

    def predicted(rows: pd.DataFrame) -> pd.DataFrame:
        scores = np.random.default_rng(5).random(len(rows))
        return rows[list(model.row_key)].assign(score=scores, model_version=1, feature_snapshot=snapshot)

    def in_shadow(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.concat(
            [predicted(rows).assign(stream=name) for name in (incumbent, RIVAL)], ignore_index=True
        )

    for contract, make in ((model.prediction_contract, predicted), (model.shadow_contract, in_shadow)):
        here.lake.publish(contract, _stage(here, model, contract, served, size, make))
    compare_day(here, model, night)  # keeps the profiles of the days before
    batch = _stage(here, model, model.feature_contract, Days.one(SCORED), size)
    (here.settings.home / BATCH).write_text(batch.model_dump_json())


def _stage(
    here: Installation,
    model: ModelSpec,
    contract: Contract,
    days: Days,
    size: int,
    make: Make = lambda rows: rows,
) -> StagedBatch:
    def tables() -> Iterator[pa.Table]:
        for day in days.each():
            rows = make(make_flights(model, Days.one(day), size))
            yield pa.Table.from_pandas(rows[list(contract.column_names)], preserve_index=False)

    with tempfile.TemporaryDirectory() as folder:
        return stage(spool(tables(), contract, Path(folder)), contract, days, here.settings.staging)


def gate_features(here: Installation, _: ModelSpec) -> None:
    """Check the staged features of the night, which may fail: those of made-up flights jump."""
    from contender.admission import gate_batch

    gate_batch(here, StagedBatch.model_validate_json((here.settings.home / BATCH).read_text()), "rows")


def publish_features(here: Installation, model: ModelSpec) -> None:
    """Publish them."""
    batch = StagedBatch.model_validate_json((here.settings.home / BATCH).read_text())
    here.lake.publish(model.feature_contract, batch)


def train_sampled(here: Installation, model: ModelSpec) -> None:
    """Fit the night's version."""
    from contender.retraining import InstalledStores
    from contender.retraining.steps import fit_version

    fit_version(InstalledStores(here, model), "sampled", NIGHT)


def pair_night(here: Installation, model: ModelSpec) -> None:
    """Pair the shadow predictions of the day whose outcomes became known."""
    from contender.retraining import InstalledStores
    from contender.retraining.steps import pair_streams

    stores = InstalledStores(here, model)
    pair_streams(stores, NIGHT, [stores.version(2)])
    assert stores.pairs(NIGHT)


def evaluate_night(here: Installation, model: ModelSpec) -> None:
    """Evaluate the night's version beside champion and baseline."""
    from contender.retraining import InstalledStores

    stores = InstalledStores(here, model)
    found = stores.evaluate(stores.version(2))
    assert found.champion_measures is not None


def score_night(here: Installation, model: ModelSpec) -> None:
    """Predict the rows of the next day, and publish them."""
    from contender.batch_scoring import score_by_ledger

    here.lake.publish(model.prediction_contract, score_by_ledger(here, model, Days.one(NIGHT)))


def score_night_in_shadow(here: Installation, model: ModelSpec) -> None:
    """Predict the rows of the next day with champion and challenger."""
    from contender.scoring import score_in_shadow

    score_in_shadow(here, model, {"champion": 1, "challenger": 2}, Days.one(NIGHT))


def measure_night(here: Installation, model: ModelSpec) -> None:
    """Measure the predictions of the day whose outcomes became known."""
    from contender.monitoring import measure_performance

    assert measure_performance(here, model, NIGHT).measures is not None


def compare_night(here: Installation, model: ModelSpec) -> None:
    """Compare the features and predictions of the day with those before, and make predictions again."""
    from contender.monitoring import compare_day

    compare_day(here, model, NIGHT)


def report_night(here: Installation, model: ModelSpec) -> None:
    """Draw the drift report."""
    from contender.monitoring import Changes, keep_conclusion, measure_performance
    from contender.monitoring.report import draw_report

    performance = measure_performance(here, model, NIGHT)
    monitored = keep_conclusion(model, performance, Changes(day=SCORED), "rows", here.book)
    draw_report(here, model, monitored)


TASKS: dict[str, Callable[[Installation, ModelSpec], None]] = {
    "gate features": gate_features,
    "publish features": publish_features,
    f"train, max_rows={MOST:_}": train_sampled,
    "pair shadow predictions": pair_night,
    "evaluate": evaluate_night,
    "predict and publish": score_night,
    "predict in shadow": score_night_in_shadow,
    "measure": measure_night,
    "compare": compare_night,
    "measure, drift report": report_night,
}


def render(rows: Sequence[Row]) -> str:
    """Return the table of the page."""
    head = " | ".join(f"{row['rows']:,} rows: CPU s | peak GB" for row in rows)
    lines = [f"| task | {head} |", "| --- |" + " --- | --- |" * len(rows)]
    for task in TASKS:
        cells = [
            f"{row['tasks'][task]['cpu_seconds']:.1f} | {row['tasks'][task]['peak_gb']:.2f}" for row in rows
        ]
        lines.append(f"| {task} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
