"""What a night costs in tasks, and what an installation holds in files and rows: the figures of docs/SCALING.md.

python -m benchmarks.sizes            of one made for it: a week of real deliveries, and three nights of a model
python -m benchmarks.sizes HOME       of another one, its lake in a folder and its book in SQLite

The model's nights are about made-up flights of 60 a day: their records, and not their tables, are what to look at.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from contender.installation import Installation
from contender.records import migrate
from contender.settings import PROJECT, Settings
from contender.specs import Days, Verb, dag_id, parse_dag_id

FIRST = date(2013, 9, 2)


def main() -> None:
    """Print three tables in Markdown."""
    logging.disable(logging.INFO)
    if len(sys.argv) > 1:
        weigh(Settings(home=Path(sys.argv[1])))
        return
    with TemporaryDirectory() as folder:
        here = Settings(home=Path(folder) / "home")
        migrate(here.records)
        deliver_week(here)
        live_nights(here, Path(folder) / "catalog")
        weigh(here)


def deliver_week(here: Settings) -> None:
    """Land, gate and publish a week of real flights, a day at a time as its nights do."""
    from contender.admission import gate_batch, publish_batch
    from contender.ingesting import land
    from contender.installation import Installation
    from demo import source
    from demo.source.flights import SOURCE

    installed = Installation(here)
    for day in (FIRST + timedelta(days=n) for n in range(7)):
        for name in SOURCE.daily:
            source.drop(name, [day], here.landing)
            batch = land(installed.catalog.dataset(name), Days.one(day), here)
            gate_batch(installed, batch, "a run")
            publish_batch(installed, batch, "a run")


def live_nights(here: Settings, catalog_home: Path) -> None:
    """Three nights of one model: every recipe fitted, evaluated, decided and scored in shadow."""
    from tests.integration import made_up

    place = made_up.install_flights(here, made_up.copy_catalog(catalog_home))
    for ahead in range(3):
        made_up.run_night(place, made_up.NIGHT - timedelta(days=3 - ahead))


def weigh(here: Settings) -> None:
    """Print the three tables, and the size of what the registry keeps."""
    print("| DAG | tasks a run |\n| --- | --- |")
    for dag, tasks in count_tasks().items():
        print(f"| `{dag}` | {tasks} |")
    print(
        "\n| table | days | rows a day | data: objects a day | kB a day | metadata: objects a day | kB a day |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for line in weigh_tables(here):
        print(line)
    print("\n| book of record | rows | bytes a row |\n| --- | --- | --- |")
    for line in weigh_book(here):
        print(line)
    models = [file.stat().st_size for file in (here.home / "artifacts").rglob("*.skops")]
    if models:
        print(f"\n{len(models)} stored pipelines, {sum(models) / len(models) / 1000:,.0f} kB each.")


def count_tasks() -> dict[str, int]:
    """Tasks of one run of each kind of DAG, those that a run leaves out among them; a mapped one counts once."""
    from airflow.dag_processing.dagbag import DagBag

    sys.path.insert(0, str(PROJECT / "plugins"))
    dags = DagBag(str(PROJECT / "dags")).dags
    kinds: dict[str, int] = {}
    for name in sorted(dags):
        verb = parse_dag_id(name).verb
        kinds[name if verb == "operations" else dag_id(cast("Verb", verb), "…")] = len(dags[name].tasks)
    return kinds


def weigh_tables(here: Settings) -> Iterator[str]:
    """A line a daily table that holds something: its files in the lake's folder, by day."""
    installation = Installation(here)
    lake = installation.lake
    for name, contract in installation.catalog.tables.items():
        days = lake.days(name) if contract.daily else []
        if not days:
            continue
        folder = Path(here.lake) / name.replace(".", "/")
        held = lake.iceberg(name)
        cells = [f"{held.scan().count() / len(days) if held else 0:,.0f}"]
        for part in ("data", "metadata"):
            sizes = [file.stat().st_size for file in (folder / part).rglob("*") if file.is_file()]
            cells += [f"{len(sizes) / len(days):.1f}", f"{sum(sizes) / len(days) / 1000:,.1f}"]
        yield f"| `{name}` | {len(days)} | {' | '.join(cells)} |"


def weigh_book(here: Settings) -> Iterator[str]:
    """A line a table of the book that holds something."""
    with sqlite3.connect(here.home / "records.db") as book:
        for (table,) in book.execute(
            "select name from sqlite_master where type = 'table' order by name"
        ).fetchall():
            columns = {column[1] for column in book.execute(f"pragma table_info({table})")}
            if "record" in columns:
                rows, size = book.execute(f"select count(*), sum(length(record)) from {table}").fetchone()
                if rows:
                    yield f"| `{table}` | {rows} | {size / rows:,.0f} |"


if __name__ == "__main__":
    main()
