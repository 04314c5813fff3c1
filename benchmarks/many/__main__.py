"""A night of many models through a real scheduler: wall time, CPU seconds per model, waiting, memory, growth.

python -m benchmarks.many              2, 20 and 200 models; results in benchmarks/results/many.json and docs/SCALING.md
python -m benchmarks.many 5 100        other numbers of models; nothing is kept

Each model predicts whether a flight to one destination is later than usual; five models share a destination's data,
which are real. A new installation has five months of history and the models' first champions; then Airflow is started
as `contender up` does, everything of one night is delivered at once, and the night lasts until the last model's
predictions are checked.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from benchmarks.keeping import keep_rows, put_into
from benchmarks.many.generated import NIGHT, READERS, write_catalog, write_history
from benchmarks.many.scheduled import Row, run_scheduled
from contender.installation import Installation
from contender.settings import PROJECT, Settings
from contender.specs import Days

RESULTS = PROJECT / "benchmarks" / "results" / "many.json"
PAGE = PROJECT / "docs" / "SCALING.md"
BEGIN, END = "<!-- many: made by `python -m benchmarks.many` -->", "<!-- end of many -->"
SIZES = (2, 20, 200)


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument(
        "models", nargs="*", type=int, help=f"numbers of models; default: {' '.join(map(str, SIZES))}"
    )
    given = ask.parse_args().models
    rows = [measure(models) for models in given or SIZES]
    print(render(rows))
    if not given:
        keep_rows(RESULTS, rows)
        PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))


def measure(models: int) -> Row:
    """Make an installation with so many models, run its night, and return what it took."""
    with tempfile.TemporaryDirectory(prefix="contender-many-") as folder:
        home = Path(folder)
        catalog = write_catalog(home / "catalog", models)
        here = Installation(Settings(home=home / "home", catalog_home=catalog.home, engine="duckdb"))
        for done in write_history(here):
            say(f"history of {done}")
        row = {"models": models, "datasets": -(-models // READERS)} | run_scheduled(here, NIGHT, say)
        row["served"] = check(here)
        print(json.dumps(row), file=sys.stderr)
        return row


def check(here: Installation) -> int:
    """Return how many models have a champion, whose predictions exist. Exit unless every model has been retrained."""
    served = 0
    for model in here.catalog.models.values():
        if not here.book.ledger.of_night(model.name, NIGHT):
            raise SystemExit(f"{model.name}: nothing was decided in the night of {NIGHT}")
        (day,) = model.scored_days(Days.one(NIGHT)).each()
        if here.book.ledger.served_on(model.name, NIGHT - timedelta(days=1)) is None:
            continue  # its first version was not better than the baseline
        if not here.lake.read(model.prediction_contract, Days.one(day)).num_rows:
            raise SystemExit(f"{model.name}: there are no predictions of {day}")
        served += 1
    return served


def _write(lag: Sequence[float]) -> str:
    median, most = lag
    return f"{median:.1f}, {most:.1f}"


def say(what: str) -> None:
    """Show progress."""
    print(what, file=sys.stderr, flush=True)


def render(rows: Sequence[Row]) -> str:
    """Return the table of the page: a column per number of models."""
    lines = [
        "| | " + " | ".join(f"{row['models']} models" for row in rows) + " |",
        "|" + " --- |" * (len(rows) + 1),
    ]

    def add(what: str, cells: Sequence[str]) -> None:
        lines.append(f"| {what} | {' | '.join(cells)} |")

    add(
        "models that serve, datasets, DAGs of the night, tasks run",
        [f"{r['served']}, {r['datasets']}, {r['dags']:,}, {r['tasks']:,}" for r in rows],
    )
    add("start of Airflow until all DAGs are parsed, s", [f"{r['parsed_after']:.0f}" for r in rows])
    add("DAG processor until then, CPU s", [f"{r['parse_cpu_seconds']:.0f}" for r in rows])
    add("the night, wall s", [f"{r['wall_seconds']:.0f}" for r in rows])
    add("CPU s per model, all", [f"{sum(r['cpu'].values()) / r['models']:.1f}" for r in rows])
    for part in rows[0]["cpu"]:
        add(f"CPU s per model, {part}", [f"{r['cpu'][part] / r['models']:.2f}" for r in rows])
    for name, what in (
        ("scheduled", "end of a task until the next is scheduled"),
        ("started", "queued until started"),
    ):
        add(f"{what}, s: median, 99 %", [_write(row[name]) for row in rows])
    for verb in rows[0]["waited"]:
        add(
            f"scheduled until started, {verb}, s: median, 99 %", [_write(row["waited"][verb]) for row in rows]
        )
    add("peak memory, MB", [f"{r['peak_mb']:,}" for r in rows])
    for part in sorted({part for row in rows for part, grown in row["grown"].items() if grown > 0}):
        add(f"{part}, kB per model", [f"{r['grown'].get(part, 0) / 1e3 / r['models']:,.0f}" for r in rows])
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
