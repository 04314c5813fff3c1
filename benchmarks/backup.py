"""What a backup and a restore cost beside a plain copy of the same files, in seconds of wall time.

python -m benchmarks.backup               measure, and write the table into docs/BACKUP.md
python -m benchmarks.backup --days 40     smaller, for a look

A table of 20,000 rows a day is published: history in one commit, then a commit a night, with a gate's record for each.
Everything is on one disk; files are read once before, so that all are measured from the same cache. Ratios are what to
read: this is no statement about any machine.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.keeping import put_into
from contender.settings import PROJECT, Settings
from contender.specs import Column, DatasetSpec, Days, Delivery

PAGE = PROJECT / "docs" / "BACKUP.md"
BEGIN, END = "<!-- results of benchmarks.backup -->", "<!-- end -->"
FIRST = date(2024, 1, 1)
NIGHTS = 30  # of the days, published one by one
ROWS = 20_000  # a day
SALES = DatasetSpec(
    name="sales",
    description="Sales.",
    owner="sales@company.example",
    delivery=Delivery(path="{day}.csv", cron="0 6 * * *"),
    columns=(
        Column(name="day", type="date", description="day"),
        Column(name="id", type="integer", description="number of the sale"),
        Column(name="amount", type="number", description="amount"),
    ),
    primary_key=("day", "id"),
)


def make_days(days: Days) -> pa.Table:
    """Return random rows of some days."""
    random = np.random.default_rng(days.first.toordinal())
    each = np.repeat(np.array(list(days.each()), dtype="datetime64[D]"), ROWS)
    return pa.table({"day": each, "id": np.arange(len(each)), "amount": random.random(len(each))})


def install(home: Path, days: int) -> Any:
    """Return an installation with history of so many days, of which the last were published night by night."""
    from contender.installation import Installation
    from contender.lake import stage
    from contender.records import GateResult, gate_id, migrate
    from contender.specs import Catalog

    own = Settings(home=home)
    migrate(own.records)
    here = Installation(own, Catalog(home=home, datasets={"sales": SALES}, models={}))
    nights = [FIRST + timedelta(days=days - NIGHTS + n) for n in range(NIGHTS)]
    for span in (Days(first=FIRST, last=nights[0] - timedelta(days=1)), *map(Days.one, nights)):
        batch = stage(make_days(span), SALES.contract, span, own.staging)
        here.lake.publish(SALES.contract, batch)
        here.book.gates.add(
            GateResult(
                id=gate_id(batch, "bench"),
                table=batch.table,
                owner=SALES.owner,
                days=span,
                run="bench",
                verdict="pass",
                rows=batch.rows,
                fingerprint=batch.fingerprint,
                expectations=(),
            )
        )
    shutil.rmtree(own.staging)
    return here


def ignore(_: str) -> None:
    """Print no progress."""


def measure(work: Callable[[Path], object], folder: Path, repeat: int = 3) -> float:
    """Return the least seconds of some repetitions, each into a new folder."""
    seconds = []
    for number in range(repeat):
        begin = time.perf_counter()
        work(folder / f"{number}")
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def report(days: int) -> str:
    """Measure, and return the table."""
    from contender.backups import restore_backup, take_backup
    from contender.installation import Installation

    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        here = install(folder / "home", days)
        _ = here.registry
        manifest = take_backup(here, str(folder / "backup"), ignore)
        copying = measure(lambda to: shutil.copytree(here.settings.home, to), folder / "copies")
        taking = measure(lambda to: take_backup(here, str(to), ignore), folder / "backups")

        def restore(to: Path) -> None:
            restored = Installation(here.settings.moved_to(to), here.catalog)
            restore_backup(restored, str(folder / "backup"), ignore)

        restoring = measure(restore, folder / "restored")
        referring = measure(
            lambda to: take_backup(here, str(to), ignore, copy_lake=False), folder / "referring"
        )
    size = (
        f"{manifest.files:,} files, {manifest.bytes / 1e6:,.0f} MB, {manifest.tables[0].snapshots} snapshots"
    )
    rows = {
        f"plain copy: {size}": 1.0,
        "`contender backup`": taking / copying,
        "`contender backup --reference-lake`": referring / copying,
        "`contender restore` with its verification": restoring / copying,
    }
    lines = [f"| {name} | {ratio:.1f} |" for name, ratio in rows.items()]
    return "\n".join(("| what, on one disk | time, as a multiple of a plain copy |", "| --- | --- |", *lines))


def main() -> None:
    """Print the table, and write it into the page unless another size was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=60)
    days = parser.parse_args().days
    table = report(days)
    print(table)
    if days == parser.get_default("days"):
        PAGE.write_text(put_into(PAGE.read_text(), f"{table}\n", BEGIN, END))


if __name__ == "__main__":
    main()
