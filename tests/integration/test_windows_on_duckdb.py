"""Windows that end before their row, on DuckDB."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contender.settings import PROJECT

# As a process of its own: opening DuckDB replaces `pyspark` by SQLFrame.
BUILD = """
import sys
from build_features import open_duckdb

engine = open_duckdb()
from pyspark.sql import Window, functions as F

before = Window.orderBy("nth").rangeBetween(Window.unboundedPreceding, -1)
rows, folder, *calls = sys.argv[1:]
found = [eval(call).over(before).alias(f"found_{number}") for number, call in enumerate(calls)]
engine.save(engine.load([rows]).select("nth", *found), folder)
"""


def build(rows: pa.Table, folder: Path, *calls: str) -> subprocess.CompletedProcess[str]:
    pq.write_table(rows, folder / "rows.parquet")
    (folder / "built").mkdir()
    command = [sys.executable, "-c", BUILD, str(folder / "rows.parquet"), str(folder / "built"), *calls]
    jobs = os.environ | {"PYTHONPATH": str(PROJECT / "spark_jobs")}
    return subprocess.run(command, env=jobs, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("days", "rows_of_a_day"), [(2, 3_000), (30, 2_048), (3_000, 2)])
def test_every_row_sees_all_days_before_its_own_however_many_rows_share_a_day(tmp_path, days, rows_of_a_day):
    def sees(day: int) -> tuple[int | None, ...]:
        before = day * rows_of_a_day
        return (before, before, day - 1) if day else (0, None, None)

    nth = [day for day in range(days) for _ in range(rows_of_a_day)]
    rows = pa.table({"nth": nth, "one": [1] * len(nth)})
    done = build(rows, tmp_path, 'F.count("*")', 'F.sum("one")', 'F.max("nth")')
    assert done.returncode == 0, done.stderr
    found = zip(*pq.read_table(tmp_path / "built").to_pydict().values(), strict=True)
    assert sorted({(day, *seen) for day, *seen in found}) == [(day, *sees(day)) for day in range(days)]


def test_a_function_of_places_in_the_window_is_refused_with_what_to_write_instead(tmp_path):
    refused = {
        'F.collect_list("one")': "ARRAY_AGG",
        'F.nth_value("one", 2)': "NTH_VALUE",
        "F.row_number()": "ROW_NUMBER",
    }
    for call, name in refused.items():
        place = tmp_path / call
        place.mkdir()
        done = build(pa.table({"nth": [1, 2], "one": [1, 1]}), place, call)
        assert done.returncode != 0
        assert f"{name} cannot be computed on DuckDB over a window that has no first day" in done.stderr
        assert "use rangeBetween(-days, -1), or engine='spark'" in done.stderr
