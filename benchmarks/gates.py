"""What a gate costs beside a query written by hand, what a day's sketches cost, and whether publishing stays flat.

The gate is measured on long deliveries, and on a wide one of 302 columns whose bounds all hold, or all fail.

python -m benchmarks.gates                       all tables, results in benchmarks/results/gates.json
python -m benchmarks.gates --rows 100000 --days 30 365    smaller, for a look; nothing is kept

CPU seconds are those of a process with its threads and children, memory is the most that all of them held together;
each measurement is a process of its own. Ratios are what to read: this is no statement about any machine.
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
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contender.records import StagedBatch, StagedFile
from contender.settings import PROJECT
from contender.specs import Between, Column, Contract, Days, RowCount, load_catalog

RESULTS = PROJECT / "benchmarks" / "results" / "gates.json"
FIRST = date(2013, 9, 2)
WIDE = 300  # measured columns of the wide delivery


def make_departures(rows: int, file: Path) -> None:
    """Real departures of one day, repeated under flight numbers of their own until there are so many rows."""
    from demo import source

    with tempfile.TemporaryDirectory() as landing:
        (dropped,) = source.drop("departures", [FIRST], landing)
        from contender.ingesting import stage_files
        from contender.landing import describe_file

        path = Path(dropped.place or "")
        spec = load_catalog(PROJECT / "include" / "catalog").dataset("departures")
        batch = stage_files(spec, [describe_file(path, path.name, str(path))], landing)
        day = pq.read_table(batch.files[0].path)
    copies = -(-rows // day.num_rows)
    many = pa.concat_tables([day] * copies).slice(0, rows).combine_chunks()
    # Keys stay unique, and within the bounds as long as the benchmark's own contract says so.
    number = pa.array(np.arange(rows, dtype=np.int64))
    at = many.schema.get_field_index("flight")
    pq.write_table(many.set_column(at, "flight", number), file)


def departures() -> Contract:
    """The real contract, but for the number of rows and the highest flight number."""
    contract = load_catalog(PROJECT / "include" / "catalog").dataset("departures").contract
    kept = tuple(
        e.model_copy(update={"low": 0, "high": None}) if getattr(e, "column", "") == "flight" else e
        for e in contract.expectations
        if not isinstance(e, RowCount)
    )
    # At least as the flights' own rule asks, so that the floor below checks the same facts.
    return contract.model_copy(
        update={"expectations": (*kept, RowCount(low=1, high=1_000_000_000)), "usual": None}
    )


def make_wide(rows: int, file: Path) -> None:
    """A delivery of 302 columns: the day, a key, and measured values."""
    values = np.random.default_rng(0).normal(size=(WIDE, rows))
    columns = {f"value_{number}": pa.array(column) for number, column in enumerate(values)}
    key = {"day": pa.array([FIRST] * rows), "id": pa.array(np.arange(rows))}
    pq.write_table(pa.table({**key, **columns}), file)


def wide(low: float) -> Contract:
    """A contract of these columns, each with a lower bound."""
    names = [f"value_{number}" for number in range(WIDE)]
    return Contract(
        table="datasets.wide",
        owner="team@company.example",
        columns=(
            Column(name="day", type="date", description="day"),
            Column(name="id", type="integer", description="key"),
            *(Column(name=name, type="number", description=name) for name in names),
        ),
        primary_key=("day", "id"),
        expectations=(
            RowCount(low=1, high=1_000_000_000),
            *(Between(column=name, low=low, high=100) for name in names),
        ),
    )


def staged(file: Path, table: str = "datasets.departures") -> StagedBatch:
    """The file as a batch that waits for its gate."""
    rows = pq.read_metadata(file).num_rows
    return StagedBatch(
        table=table,
        days=Days.one(FIRST),
        files=(StagedFile(day=FIRST, path=str(file), rows=rows, digest="d"),),
        fingerprint="f",
    )


def gate(file: Path) -> None:
    """The gate in memory, as a run calls it for a small batch."""
    from contender.gating import check

    assert check(departures(), staged(file), "benchmark").verdict == "pass"


def gate_on_spark(file: Path) -> None:
    """The gate of a large batch: a Spark job of its own on this machine."""
    from contender.gating import check_by_size
    from contender.settings import Settings

    here = Settings(home=file.parent / "home", gate_spark_rows=1)
    assert check_by_size(departures(), staged(file), "benchmark", here).verdict == "pass"


def gate_wide(file: Path) -> None:
    """The gate of a wide delivery that passes."""
    from contender.gating import check

    assert check(wide(-100), staged(file, "datasets.wide"), "benchmark").verdict == "pass"


def gate_wide_failing(file: Path) -> None:
    """The gate of a wide delivery in which each measured column has values below its bound."""
    from contender.gating import check

    assert len(check(wide(-1), staged(file, "datasets.wide"), "benchmark").failed) == WIDE


def by_hand(file: Path) -> None:
    """The facts of departures by one query."""
    assert set(query(file, departures())) == {0}


def by_hand_wide(file: Path) -> None:
    """The facts of a wide delivery by one query."""
    assert set(query(file, wide(-100))) == {0}


def query(file: Path, contract: Contract) -> list[int]:
    """The same facts by one Polars query: nulls, bounds, sets, forms, the unique key, the number of rows."""
    import polars as pl

    frame = pl.scan_parquet(file)
    facts: dict[str, pl.Expr] = {"rows": pl.len()}
    for number, promise in enumerate(contract.all_expectations()):
        match promise.kind:
            case "not_null":
                facts[f"f{number}"] = pl.col(promise.column).null_count()
            case "between":
                low = promise.low if promise.low is not None else -np.inf
                high = promise.high if promise.high is not None else np.inf
                facts[f"f{number}"] = (~pl.col(promise.column).is_between(low, high)).sum()
            case "in_set":
                facts[f"f{number}"] = (~pl.col(promise.column).is_in(promise.values)).sum()
            case "matches":
                facts[f"f{number}"] = (~pl.col(promise.column).str.contains(promise.pattern)).sum()
            case "unique":
                facts[f"f{number}"] = pl.len() - pl.struct(promise.key).n_unique()
    found = frame.select(**facts).collect().to_dicts()[0]
    assert found.pop("rows") > 0
    return list(found.values())


def nothing(_: Path) -> None:
    """What both start with: the interpreter, the catalog and the imports of this file."""
    departures()


def import_gate(_: Path) -> None:
    """The gate's imports, which a scheduler has done before its tasks begin."""
    import contender.gating  # noqa: F401


STEPS = {
    "nothing": nothing,
    "imports": import_gate,
    "pandas": gate,
    "spark": gate_on_spark,
    "by hand": by_hand,
    "wide": gate_wide,
    "wide, failing": gate_wide_failing,
    "wide by hand": by_hand_wide,
}
LONG = ("nothing", "imports", "pandas", "spark", "by hand")


def measure(step: str, file: Path) -> dict[str, float]:
    """CPU seconds and peak memory (GB) of a step, in a process of its own."""
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.gates", "--step", step, "--file", str(file)], cwd=PROJECT
    )
    peak, watched = 0, psutil.Process(child.pid)
    while True:
        peak = max(peak, held(watched))
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(0.05)
    if status:
        raise SystemExit(f"{step} of {file} failed")
    return {"cpu_s": used.ru_utime + used.ru_stime, "peak_gb": peak / 1e9}


def held(process: psutil.Process) -> int:
    """Bytes of memory that a process and its children hold, what they share counted once."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += each.memory_full_info().pss
    return total


def compare_gates(sizes: list[int]) -> list[dict[str, Any]]:
    """Two records a size, one an engine: the gate beside the query, without what the imports of the process cost."""
    records = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "departures.parquet"
        for rows in sizes:
            make_departures(rows, file)
            took = {step: measure(step, file) for step in LONG}
            floor = took["by hand"]["cpu_s"] - took["nothing"]["cpu_s"]
            for engine in ("pandas", "spark"):
                ours = took[engine]["cpu_s"] - took["imports"]["cpu_s"]
                records.append(
                    {
                        "table": "gate",
                        "rows": rows,
                        "engine": engine,
                        "gate_cpu_s": round(ours, 2),
                        "query_cpu_s": round(floor, 2),
                        "ratio": round(ours / floor, 1),
                        "gate_peak_gb": round(took[engine]["peak_gb"], 2),
                        "query_peak_gb": round(took["by hand"]["peak_gb"], 2),
                    }
                )
                print(
                    f"  gate of {rows:,} rows on {engine}: {records[-1]['ratio']} times the query",
                    file=sys.stderr,
                )
    return records


def compare_wide_gates(rows: int) -> list[dict[str, Any]]:
    """A wide delivery that passes and one that fails, beside the query."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "wide.parquet"
        make_wide(rows, file)
        steps = ("nothing", "imports", "wide", "wide, failing", "wide by hand")
        took = {step: measure(step, file)["cpu_s"] for step in steps}
    floor = took["wide by hand"] - took["nothing"]
    return [
        {
            "table": "wide gate",
            "rows": rows,
            "columns": WIDE + 2,
            "result": result,
            "gate_cpu_s": round(took[step] - took["imports"], 2),
            "query_cpu_s": round(floor, 2),
            "ratio": round((took[step] - took["imports"]) / floor, 1),
        }
        for step, result in (("wide", "passed"), ("wide, failing", "300 bounds failed"))
    ]


def measure_sketches(rows: int, columns: int) -> list[dict[str, Any]]:
    """Sketching a day, and merging a month of such days."""
    from datasketches import kll_doubles_sketch

    values = np.random.default_rng(0).normal(size=rows)
    begin = time.process_time()
    sketches = []
    for _ in range(columns):
        sketch = kll_doubles_sketch(200)
        sketch.update(values)
        sketches.append(sketch)
    sketched = time.process_time() - begin
    begin = time.process_time()
    for _ in range(30):
        np.sort(values[: rows // 30])
    floor = time.process_time() - begin
    begin = time.process_time()
    month = kll_doubles_sketch(200)
    for _ in range(30):
        month.merge(sketches[0])
    merged = time.process_time() - begin
    return [
        {
            "table": "sketch",
            "rows": rows,
            "columns": columns,
            "cpu_s_a_column": round(sketched / columns, 4),
            "sort_cpu_s_a_column": round(floor, 4),
            "merge_of_30_ms": round(1000 * merged, 2),
        }
    ]


def measure_publishing(sizes: list[int], repeats: int = 7) -> list[dict[str, Any]]:
    """Publish a new day and replace one, in tables of so many days; medians, beside the smallest table's."""
    from contender.lake import open_lake, stage
    from contender.lake.snapshots import expire
    from contender.settings import Settings

    records: list[dict[str, Any]] = []
    scans: list[dict[str, Any]] = []
    contract = load_catalog(PROJECT / "include" / "catalog").dataset("weather").contract
    names = contract.column_names

    def day_of(day: date, value: float) -> pa.Table:
        columns = {name: pa.nulls(24, pa.float64()) for name in names}
        columns["day"] = pa.array([day] * 24)
        columns["origin"] = pa.array(["JFK"] * 24)
        hours = pa.array(np.arange(24) * 3_600_000_000, pa.timestamp("us", "UTC"))
        columns["observed_at"] = pc.add(hours, pa.scalar((day - date(1970, 1, 1)), pa.duration("us")))
        columns["temp"] = pa.array([value] * 24)
        return pa.table([columns[name] for name in names], names=list(names))

    for size in sizes:
        with tempfile.TemporaryDirectory() as home:
            here = Settings(home=Path(home))
            lake = open_lake(here)
            first = date(2000, 1, 1)
            history = Days(first=first, last=first + timedelta(days=size - 1))
            rows = pa.concat_tables([day_of(day, 50.0) for day in history.each()])
            lake.publish(contract, stage(rows, contract, history, here.staging))
            # As upkeep leaves it: a load leaves a snapshot a month, of which only the last was ever to be read.
            expire(lake, contract.table, all_snapshots(lake, contract.table)[:-1])
            took: dict[str, list[float]] = {"publish": [], "replace": [], "find the newest day": []}
            scans.append(measure_scan(lake, contract, size, here.home))
            for number in range(1, repeats + 1):
                for what, day in (
                    ("publish", history.last + timedelta(days=number)),
                    ("replace", history.last - timedelta(days=number)),
                ):
                    batch = stage(day_of(day, float(number)), contract, Days.one(day), here.staging)
                    begin = time.process_time()
                    lake.publish(contract, batch)
                    took[what].append(time.process_time() - begin)
                begin = time.process_time()
                lake.newest_day(contract.table)  # as announcing does
                took["find the newest day"].append(time.process_time() - begin)
            for what, seconds in took.items():
                records.append(
                    {
                        "table": "publish",
                        "what": what,
                        "days": size,
                        "cpu_s": round(float(np.median(seconds)), 4),
                    }
                )
            print(f"  publishing into {size:,} days measured", file=sys.stderr)
    for record in records:
        smallest = next(r for r in records if r["what"] == record["what"])
        record["ratio"] = round(record["cpu_s"] / smallest["cpu_s"], 2)
    return records + scans


def measure_scan(lake: Any, contract: Contract, days: int, folder: Path) -> dict[str, Any]:
    """Read all of a table, a file a day, beside the same rows in one file: the price of never merging days."""
    rows = lake.read(contract)
    pq.write_table(rows, folder / "merged.parquet")
    begin = time.process_time()
    assert lake.read(contract).num_rows == rows.num_rows
    scanned = time.process_time() - begin
    begin = time.process_time()
    assert pq.read_table(folder / "merged.parquet").num_rows == rows.num_rows
    merged = time.process_time() - begin
    return {
        "table": "scan",
        "days": days,
        "rows": rows.num_rows,
        "table_cpu_s": round(scanned, 3),
        "one_file_cpu_s": round(merged, 4),
        "ms_a_day": round(1000 * (scanned - merged) / days, 2),
    }


def all_snapshots(lake: Any, table: str) -> list[int]:
    """Every snapshot of a table, oldest first, including those that were never current."""
    return [snapshot.snapshot_id for snapshot in lake.iceberg(table).snapshots()]


def render(records: list[dict[str, Any]]) -> str:
    """The records as Markdown, a table a kind."""
    parts = []
    for table in dict.fromkeys(record["table"] for record in records):
        found = [{k: v for k, v in r.items() if k != "table"} for r in records if r["table"] == table]
        head = list(found[0])
        lines = [
            f"### {table}\n",
            "| " + " | ".join(head) + " |",
            "| " + " | ".join("---" for _ in head) + " |",
        ]
        lines += [
            "| "
            + " | ".join(f"{r[name]:,}" if isinstance(r[name], int) else str(r[name]) for name in head)
            + " |"
            for r in found
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Measure, print, and keep the results of all sizes."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 5_000_000, 10_000_000])
    ask.add_argument("--days", type=int, nargs="+", default=[30, 365, 3650])
    ask.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    ask.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    wanted = ask.parse_args()
    if wanted.step:
        STEPS[wanted.step](wanted.file)
        return
    records = [
        *measure_publishing(wanted.days),
        *compare_gates(wanted.rows),
        *compare_wide_gates(5_000),
        *measure_sketches(1_000_000, 19),
    ]
    if all(getattr(wanted, name) == ask.get_default(name) for name in ("rows", "days")):
        RESULTS.write_text(json.dumps(records, indent=2) + "\n")
    print(render(records))


if __name__ == "__main__":
    main()
