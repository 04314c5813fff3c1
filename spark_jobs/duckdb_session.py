"""A DuckDB session with Spark's rules, the inputs of a build in it, and its output as Parquet."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from job_files import S3, open_s3, put


def connect() -> Any:
    """Open DuckDB with Spark's rules."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    # A night is small, other builds share the host, and results must not depend on the scheduling of threads.
    connection.execute("SET threads = 1")
    # As Spark orders missing values, in windows and sorts.
    connection.execute("SET default_null_order = 'nulls_first_on_asc_last_on_desc'")
    # As on Spark, a division by zero is an error, not infinity.
    connection.execute("SET ieee_floating_point_ops = false")
    return connection


def name_tables() -> Iterator[str]:
    """Yield the names of tables in a DuckDB session."""
    return (f"made_{number}" for number in itertools.count())


def add_files(connection: Any, files: Sequence[str], name: str) -> str:
    """Add Parquet files to DuckDB under a name, and return it."""
    if files[0].startswith(S3):
        # DuckDB's S3 reader is an extension that must be downloaded; Arrow includes one.
        from pyarrow import dataset

        paths = [file.removeprefix(S3) for file in files]
        connection.register("on_s3", dataset.dataset(paths, filesystem=open_s3(), format="parquet"))
        connection.table("on_s3").create(name)
    else:
        connection.read_parquet(list(files), hive_partitioning=False).create_view(name)
    return name


def add_days(connection: Any, days: Sequence[date], name: str) -> str:
    """Add a table with one column `day` to DuckDB under a name, and return it."""
    connection.execute(f"CREATE TABLE {name} (day DATE)")
    for day in days:
        connection.table(name).insert([day])
    return name


def save_file(relation: Any, folder: str) -> None:
    """Write a DuckDB relation as one Parquet file in a folder."""
    kinds = {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}
    reject_intervals(kinds)
    # DuckDB's sums of integers have 128 bits, which its Parquet writer would round to doubles.
    columns = (
        f'"{name}"::DECIMAL(38, 0) AS "{name}"' if kind == "HUGEINT" else f'"{name}"'
        for name, kind in kinds.items()
    )
    with TemporaryDirectory() as draft:
        relation.project(", ".join(columns)).write_parquet(f"{draft}/part-0.parquet")
        put((Path(draft) / "part-0.parquet").read_bytes(), f"{folder}/part-0.parquet")


def reject_intervals(kinds: Mapping[str, str]) -> None:
    """Exit if a column, of these types by name, is an interval, which each engine writes in another unit."""
    if found := [name for name, kind in kinds.items() if "interval" in kind.lower()]:
        raise SystemExit(
            f"{', '.join(found)}: an interval has no unit. Use datediff, or a difference of unix_timestamp"
        )
