"""Deliveries of many rows are staged in bounded memory, with the result that they would have if they were small."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contender.ingesting import land
from contender.settings import PROJECT
from contender.specs import Column, DatasetSpec, Days, Delivery, Parquet

DAY = date(2024, 3, 1)
ROWS = 300
REPEATED = pa.array([n % 250 for n in range(ROWS)])


def dataset(key: tuple[str, ...] = ("day", "receipt"), **delivery) -> DatasetSpec:
    return DatasetSpec(
        name="orders",
        description="Orders.",
        owner="shop@company.example",
        delivery=Delivery(
            **{"path": "{day}.parquet", "format": Parquet(), "cron": "0 6 * * *", **delivery},
        ),
        columns=(
            Column(name="day", type="date", description="day"),
            Column(name="receipt", type="string", nullable=True, description="receipt"),
            Column(name="amount", type="number", nullable=True, description="amount"),
            Column(name="sold_at", type="timestamp", nullable=True, description="time"),
            *([Column(name="line", type="integer", description="line")] if "line" in key else []),
        ),
        primary_key=key,
    )


def rows(numbers: pa.Array | range = range(ROWS), days: int = 1) -> pa.Table:
    numbers = [int(str(number)) for number in numbers]
    return pa.table(
        {
            "day": [DAY + timedelta(days=number % days) for number in numbers],
            "receipt": [f"r{number * 7919 % 1009}" if number % 31 else None for number in numbers],
            "amount": [number / 7 if number % 5 else None for number in numbers],
            "sold_at": pa.array([number * 1_000_000 for number in numbers], pa.timestamp("us", "UTC")),
        }
    )


CASES = {
    "one file": (dataset(), {f"{DAY}.parquet": rows()}),
    "rows of other days": (dataset(), {f"{DAY}.parquet": rows(days=3)}),
    "repeated keys": (dataset(), {f"{DAY}.parquet": rows(REPEATED)}),
    "several days": (dataset(path="all.parquet", several_days=True), {"all.parquet": rows(days=4)}),
    "a column that is set aside": (
        dataset(),
        {f"{DAY}.parquet": rows().append_column("note", pa.array(["n"] * ROWS))},
    ),
    "values that do not fit": (
        dataset(),
        {f"{DAY}.parquet": rows().set_column(2, "amount", pa.array(["1.5", "x", None] * (ROWS // 3)))},
    ),
    "several files": (
        dataset(path="{day}-*.parquet"),
        {f"{DAY}-1.parquet": rows(range(200)), f"{DAY}-2.parquet": rows(range(150, 300))},
    ),
    "identical rows that are dropped, numbered": (
        dataset(("day", "line"), path="{day}-*.parquet", duplicates="drop_identical", row_number="line"),
        {f"{DAY}-1.parquet": rows(REPEATED), f"{DAY}-2.parquet": rows(range(240, 260), days=2)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_rows_that_do_not_fit_into_memory_are_staged_like_those_that_do(case, here, monkeypatch):
    spec, files = CASES[case]
    Path(here.landing).mkdir(parents=True)
    for name, table in files.items():
        pq.write_table(table, Path(here.landing) / name)
    span = Days(first=DAY, last=DAY + timedelta(days=3)) if case == "several days" else Days.one(DAY)
    small = land(spec, span, here)
    monkeypatch.setattr("contender.lake.spooling.MOST_BYTES", 1000)
    monkeypatch.setattr("contender.ingesting.delivered_rows._ROWS_AT_ONCE", 64)
    large = land(spec, span, here)
    assert large.rows == sum(file.rows for file in small.files) > 0
    assert [(file.day, file.digest) for file in large.files] == [
        (file.day, file.digest) for file in small.files
    ]
    assert (large.defects, large.dropped) == (small.defects, small.dropped)
    assert [pq.read_table(file.origins) for file in large.files if file.origins] == [
        pq.read_table(file.origins) for file in small.files if file.origins
    ]


def test_a_file_that_breaks_off_after_some_pieces_has_one_defect_and_no_rows(here, monkeypatch):
    monkeypatch.setattr("contender.ingesting.delivered_rows._ROWS_AT_ONCE", 64)
    file = Path(here.landing) / f"{DAY}.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(rows(), file, row_group_size=100, compression="none")
    content = bytearray(file.read_bytes())
    last = pq.read_metadata(file).row_group(2).column(1)
    content[last.dictionary_page_offset : last.dictionary_page_offset + 200] = b"\xff" * 200
    file.write_bytes(content)
    batch = land(dataset(), Days.one(DAY), here)
    assert batch.rows == 0
    (defect,) = batch.defects
    assert defect.what.startswith("it is not a Parquet file")


_LAND_TWICE = """
import sys, resource
from pathlib import Path
from benchmarks.landing import DAY, orders, write_orders
from contender.ingesting import land
from contender.lake import places, spooling
from contender.settings import Settings
from contender.specs import Days

spooling.MOST_BYTES, spooling._DUCKDB_MEMORY, places.ROWS_OF_GROUP = 16 << 20, "100MB", 1 << 17
home = Path(sys.argv[1])
for rows in (300_000, 1_300_000):
    write_orders(rows, home / f"{DAY}.parquet")
    assert land(orders(), Days.one(DAY), Settings(home=home / "home", landing=str(home))).rows == rows
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_rows_of_a_delivery(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _LAND_TWICE, str(tmp_path)],
        cwd=PROJECT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    few, many = map(int, done.stdout.split())
    # One million more rows have 90 MB, of which each copy in memory would count.
    assert (many - few) / 1000 < 60
