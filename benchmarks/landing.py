"""What a Parquet delivery costs from the landing zone into the lake, in CPU time and memory, beside a copy by DuckDB.

python -m benchmarks.landing                     all sizes, results in benchmarks/results/landing.json
python -m benchmarks.landing --rows 100000       smaller, for a look; nothing is kept

A delivery of ten columns, whose rows are in no order, is landed and published; the gate between the two is measured by
benchmarks.gates. The floor is DuckDB's COPY of the same file into another, once as it is and once ordered by the key,
as the lake holds it. Each measurement is a process of its own; CPU seconds exclude its imports, memory is the most that
it held. Ratios are what to read: this is no statement about any machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.processes import peak_gb
from contender.settings import PROJECT, Settings
from contender.specs import Column, ColumnType, DatasetSpec, Days, Delivery, Parquet

RESULTS = PROJECT / "benchmarks" / "results" / "landing.json"
DAY = date(2024, 3, 1)
_SLAB = 500_000  # rows that are made at once
_TYPES: dict[str, ColumnType] = {
    "day": "date",
    "order_id": "integer",
    "line": "integer",
    "ordered_at": "timestamp",
    "shop": "string",
    "product": "string",
    "quantity": "integer",
    "price": "number",
    "discount": "number",
    "paid": "boolean",
}


def orders() -> DatasetSpec:
    """Return the contract of the delivery."""
    return DatasetSpec(
        name="orders",
        description="Lines of orders.",
        owner="shop@company.example",
        delivery=Delivery(path="{day}.parquet", format=Parquet(), cron="0 6 * * *"),
        columns=tuple(Column(name=name, type=kind, description=name) for name, kind in _TYPES.items()),
        primary_key=("day", "order_id", "line"),
    )


def write_orders(rows: int, file: Path) -> None:
    """Write a delivery of so many rows, in no order."""
    random = np.random.default_rng(0)
    writer = None
    for first in range(0, rows, _SLAB):
        size = min(_SLAB, rows - first)
        # Multiplying by a number that is coprime to 2^32 shuffles the ids and keeps them unique.
        ids = (np.arange(first, first + size, dtype=np.uint64) * 2_654_435_761 % 2**32).astype(np.int64)
        slab = pa.table(
            {
                "day": pa.array(np.full(size, (DAY - date(1970, 1, 1)).days), pa.int32()).cast(pa.date32()),
                "order_id": ids // 4,
                "line": ids % 4,
                "ordered_at": pa.array(
                    random.integers(0, 86_400_000_000, size) + 1_709_251_200_000_000,
                    pa.timestamp("us", "UTC"),
                ),
                "shop": pa.array([f"shop {n}" for n in range(200)]).take(
                    pa.array(random.integers(0, 200, size))
                ),
                "product": pa.array([f"product {n:06}" for n in range(50_000)]).take(
                    pa.array(random.integers(0, 50_000, size))
                ),
                "quantity": random.integers(1, 20, size),
                "price": random.gamma(2, 10, size).round(2),
                "discount": random.random(size),
                "paid": pa.array(random.random(size) < 0.9),
            }
        )
        writer = writer or pq.ParquetWriter(file, slab.schema)
        writer.write_table(slab)
    assert writer is not None
    writer.close()


def measure_landing(file: Path, folder: Path) -> dict[str, float]:
    """Land the file and publish it, as an ingestion's tasks do."""
    from contender.ingesting import land
    from contender.lake import open_lake

    here = Settings(home=folder / "home", landing=str(file.parent))
    spec, lake = orders(), open_lake(here)
    begin = time.process_time()
    batch = land(spec, Days.one(DAY), here)
    landed = time.process_time()
    assert not batch.defects
    assert lake.publish(spec.contract, batch).changed
    return {"land_cpu_s": landed - begin, "publish_cpu_s": time.process_time() - landed}


def _copy_by_duckdb(selected: str, folder: Path) -> dict[str, float]:
    import duckdb

    with duckdb.connect(config={"temp_directory": str(folder)}) as database:
        begin = time.process_time()
        database.execute(
            f"COPY ({selected}) TO '{folder / 'copy.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
        )
        return {"cpu_s": time.process_time() - begin}


STEPS: dict[str, Callable[[Path, Path], dict[str, float]]] = {
    "contender": measure_landing,
    "copy": lambda file, folder: _copy_by_duckdb(f"FROM '{file}'", folder),
    "ordered copy": lambda file, folder: _copy_by_duckdb(
        f"FROM '{file}' ORDER BY day, order_id, line", folder
    ),
}


def measure(step: str, file: Path) -> dict[str, float]:
    """Return the CPU seconds and the peak memory (GB) of a step, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.landing", "--step", step, "--file", str(file)]
    found: dict[str, float] = json.loads(
        subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True).stdout
    )
    return found


def run_step(step: str, file: Path) -> dict[str, float]:
    """Return what a step measured, with the most memory that this process held."""
    with tempfile.TemporaryDirectory() as folder:
        found = STEPS[step](file, Path(folder))
    return {**found, "peak_gb": peak_gb()}


def compare(sizes: list[int]) -> list[dict[str, Any]]:
    """Return a record for each number of rows: landing and publishing beside both copies."""
    records = []
    with tempfile.TemporaryDirectory() as landing:
        file = Path(landing) / f"{DAY}.parquet"
        for rows in sizes:
            write_orders(rows, file)
            took = {step: measure(step, file) for step in STEPS}
            ours = took["contender"]
            cpu = ours["land_cpu_s"] + ours["publish_cpu_s"]
            records.append(
                {
                    "rows": rows,
                    "file_mb": round(file.stat().st_size / 1e6, 1),
                    "land_cpu_s": round(ours["land_cpu_s"], 2),
                    "publish_cpu_s": round(ours["publish_cpu_s"], 2),
                    "copy_cpu_s": round(took["copy"]["cpu_s"], 2),
                    "ordered_copy_cpu_s": round(took["ordered copy"]["cpu_s"], 2),
                    "ratio": round(cpu / took["ordered copy"]["cpu_s"], 1),
                    "peak_gb": round(ours["peak_gb"], 2),
                    "copy_peak_gb": round(took["copy"]["peak_gb"], 2),
                    "ordered_copy_peak_gb": round(took["ordered copy"]["peak_gb"], 2),
                }
            )
            print(f"  {rows:,} rows measured", file=sys.stderr)
    return records


def main() -> None:
    """Measure, print, and keep the results of all sizes."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 3_000_000, 10_000_000])
    ask.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    ask.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    wanted = ask.parse_args()
    if wanted.step:
        print(json.dumps(run_step(wanted.step, wanted.file)))
        return
    records = compare(wanted.rows)
    if wanted.rows == ask.get_default("rows"):
        RESULTS.write_text(json.dumps(records, indent=2) + "\n")
    head = list(records[0])
    print("| " + " | ".join(head) + " |\n| " + " | ".join("---" for _ in head) + " |")
    for record in records:
        print("| " + " | ".join(f"{record[name]:,}" for name in head) + " |")


if __name__ == "__main__":
    main()
