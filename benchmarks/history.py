"""What one more night costs after 30, 365 and 3,650 days of history, in CPU seconds.

python -m benchmarks.history                writes benchmarks/results/history.json and docs/SCALING.md
python -m benchmarks.history --days 365     only this history, beside the shortest; nothing is kept

Made-up flights, a few a day, have the same training window (four weeks) in each history. Older days were published
in ranges of a month, as a load does, the newest four weeks night by night; their old snapshots have expired. The
book has the records of as many nights, at most a thousand, of two other models, too. A process runs six
nights, of which three are not counted, and the histories take turns.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.keeping import keep_rows, put_into
from benchmarks.night.steps import Steps
from benchmarks.processes import run_module
from contender.installation import Installation
from contender.records import StagedBatch, migrate
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, Contract, Days, ModelSpec
from tests.integration.made_up import copy_catalog, make_flights, publish

RESULTS = PROJECT / "benchmarks" / "results" / "history.json"
PAGE = PROJECT / "docs" / "SCALING.md"
BEGIN, END = "<!-- history: made by `make bench-history` -->", "<!-- end of history -->"
MODEL = "flight_delay"
HISTORIES = (30, 365, 3650)  # days
LAST = date(2025, 6, 30)
A_DAY, WINDOW, AT_ONCE, ROUNDS = 40, 28, 31, 2
WARM, COUNTED = 3, 3  # nights of a process
WEEKLY = "a seventh of the weekly upkeep"
Row = dict[str, Any]


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--days", type=int, action="append", help="days of history; default: 365 and 3650")
    ask.add_argument("--nights-from", help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.nights_from:
        print(json.dumps(run_nights(date.fromisoformat(given.nights_from))))
        return
    histories = (HISTORIES[0], *(given.days or HISTORIES[1:]))
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), histories)
    print(render(rows))
    if not given.days:
        keep_rows(RESULTS, rows)
        PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


def measure(folder: Path, histories: Sequence[int]) -> list[Row]:
    """Make the histories, run nights on each in turn, and return the median of each step."""
    catalog = copy_catalog(folder / "catalog")
    keep_short_windows(catalog)
    taken: dict[int, list[Row]] = {days: [] for days in histories}
    for days in histories:
        print(f"making {days} days", file=sys.stderr)
        make_history(Settings(home=folder / str(days), catalog_home=catalog.home), days)
    for nth in range(ROUNDS):
        for days in histories:
            begin = LAST + timedelta(days=1 + nth * (WARM + COUNTED))
            taken[days] += _in_a_process(folder / str(days), catalog.home, begin)
            print(days, taken[days][-1], file=sys.stderr)
    return [
        {
            "days": days,
            "nights": len(nights),
            "steps": {step: median(night[step] for night in nights) for step in nights[0]},
            "cpu_seconds": sorted(round(sum(night.values()), 2) for night in nights),
        }
        for days, nights in taken.items()
    ]


def keep_short_windows(catalog: Catalog) -> None:
    """Let all recipes of the model train on the newest weeks."""
    spec = catalog.model_home(MODEL) / "spec.py"
    text = spec.read_text()
    assert "window_days=365" in text
    spec.write_text(text.replace("window_days=365", f"window_days={WINDOW}"))


def make_history(here: Settings, days: int) -> None:
    """Publish the days of a history, and write the records of other models' nights."""
    from contender.lake import maintain_table
    from tests.unit import thousand_nights

    migrate(here.records)
    opened = Installation(here)
    model = opened.catalog.model(MODEL)
    rows = make_flights(
        model, Days(first=LAST - timedelta(days=days - 1), last=LAST + timedelta(days=1)), A_DAY
    )
    for contract, published in made_tables(model, rows):
        for of_range in split_ranges(published, LAST - timedelta(days=WINDOW)):
            publish(opened.lake, contract, of_range, here)
        maintain_table(opened.lake, contract, (), timedelta(0))
    nights = range(min(days, thousand_nights.NIGHTS))
    thousand_nights.write_nights(here.records, opened.book, nights)


def made_tables(model: ModelSpec, rows: pd.DataFrame) -> list[tuple[Contract, pd.DataFrame]]:
    """Return the rows of the features, and those of labels, predictions and shadow predictions that became known."""
    random = np.random.default_rng(11)
    known = rows[rows["day"] <= LAST]
    scored = known.assign(score=random.random(len(known)), model_version=1, feature_snapshot=1)
    streams = pd.concat([scored.assign(stream=recipe.name) for recipe in model.recipes], ignore_index=True)
    return [
        (model.feature_contract, rows),
        (model.label_contract, known),
        (model.prediction_contract, scored),
        (model.shadow_contract, streams),
    ]


def split_ranges(rows: pd.DataFrame, until: date) -> Iterator[pd.DataFrame]:
    """Yield the rows of whole ranges of days up to a day, then those of each later day."""
    days = sorted(rows["day"].unique())
    old = [day for day in days if day <= until]
    ranges = [old[first : first + AT_ONCE] for first in range(0, len(old), AT_ONCE)]
    by_day = dict(tuple(rows.groupby("day")))
    for of_range in [*ranges, *([day] for day in days if day > until)]:
        yield pd.concat([by_day[day] for day in of_range], ignore_index=True)


def _in_a_process(home: Path, catalog: Path, begin: date) -> list[Row]:
    environment = {
        "CONTENDER_HOME": str(home),
        "CONTENDER_CATALOG_HOME": str(catalog),
        "OMP_NUM_THREADS": "1",
    }
    found: list[Row] = run_module(["benchmarks.history", "--nights-from", str(begin)], environment)
    return found


def run_nights(begin: date) -> list[Row]:
    """Run nights in this process, and return the CPU seconds of each step of those that count."""
    from contender.settings import settings

    here = Installation(settings())
    model = here.catalog.model(MODEL)
    taken = []
    for nth in range(WARM + COUNTED):
        night, steps = begin + timedelta(days=nth), Steps()
        run_night(here, model, night, steps)
        taken.append({name: round(seconds, 3) for name, seconds in steps.cpu.items()})
    return taken[WARM:]


def run_night(here: Installation, model: ModelSpec, night: date, steps: Steps) -> None:
    """Run the steps of a night as its DAGs do, and the upkeep of the model's tables."""
    from contender.batch_scoring import score_by_ledger
    from contender.lake import stage
    from contender.monitoring import compare_day, keep_conclusion, measure_performance
    from contender.retraining import InstalledStores
    from contender.retraining import run_night as retrain

    stores, run = InstalledStores(here, model), f"night {night}"
    rows = make_flights(model, Days(first=night, last=night + timedelta(days=1)), A_DAY)
    with steps.measure("admit features and labels"):
        for contract, day in (
            (model.feature_contract, night + timedelta(days=1)),
            (model.label_contract, night),
        ):
            made = pa.Table.from_pandas(
                rows.loc[rows["day"] == day, list(contract.column_names)], preserve_index=False
            )
            admit(here, stage(made, contract, Days.one(day), here.settings.staging), run)
    with steps.measure("retrain"):
        shadow = retrain(stores, night).shadow
    with steps.measure("score"):
        admit(here, score_by_ledger(here, model, Days.one(night)), run)
    with steps.measure("admit shadow predictions"):
        assert shadow is not None
        admit(here, shadow, run)
    with steps.measure("monitor"):
        performance, changes = measure_performance(here, model, night), compare_day(here, model, night)
        keep_conclusion(model, performance, changes, run, here.book)
    with steps.measure("daily upkeep"):
        keep_up(here, model, all_files=False)
    with steps.measure(WEEKLY):
        keep_up(here, model, all_files=True)
    steps.cpu[WEEKLY] /= 7


def keep_up(here: Installation, model: ModelSpec, *, all_files: bool) -> None:
    """Maintain the model's tables, on any day of the week or on their own."""
    from contender.lake import maintain_table

    for contract in model.contracts:
        pinned = {pin.snapshot for pin in here.book.evaluations.pinned_snapshots(contract.table)}
        kept = timedelta(days=here.settings.snapshot_days) if all_files or contract.appended else None
        maintain_table(here.lake, contract, pinned, kept)


def admit(here: Installation, batch: StagedBatch, run: str) -> None:
    """Let a batch through its gate into its table."""
    from contender.admission import gate_batch, publish_batch, starts_downstream

    result = gate_batch(here, batch, run)
    if result.verdict == "fail":
        raise SystemExit(f"{batch.table} {batch.days.key} failed its gate: {result.failed}, {result.defects}")
    starts_downstream(here, publish_batch(here, batch, run))


def render(rows: Sequence[Row]) -> str:
    """Return the table of the page."""
    base = rows[0]
    lines = [
        "| step, CPU s | " + " | ".join(f"{row['days']:,} days" for row in rows) + " |",
        "|" + " --- |" * (len(rows) + 1),
    ]
    lines += [
        f"| {step} | " + " | ".join(f"{row['steps'][step]:.2f}" for row in rows) + " |"
        for step in base["steps"]
    ]
    sums = [median(row["cpu_seconds"]) for row in rows]
    spread = [f"{row['cpu_seconds'][0]:.2f} to {row['cpu_seconds'][-1]:.2f}" for row in rows]
    lines.append(
        "| a night | " + " | ".join(f"{s:.2f} ({r})" for s, r in zip(sums, spread, strict=True)) + " |"
    )
    lines.append("| times the shortest history | " + " | ".join(f"{s / sums[0]:.2f}" for s in sums) + " |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
