"""Builds a model's features and labels as a plan says: on Spark under spark-submit, else on DuckDB in this process.

    spark-submit spark_jobs/build_features.py PLAN.json
    python spark_jobs/build_features.py PLAN.json

The plan names the model's `features.py`, the Parquet files and columns of each table (those of pinned snapshots), and
for each output (`features`, `labels`) its days, its columns and the folder that the Parquet goes to. Nothing else is
read, so what the plan does not name cannot leak into a feature.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import shutil
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

SQL_TYPES = {
    "string": "string",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


def main(plan_file: str) -> None:
    """Build every output of the plan. Prints one line an output."""
    plan = json.loads(Path(plan_file).read_text())
    session = open_spark() if plan["engine"] == "spark" else open_duckdb()
    # The model's file imports pyspark, which open_duckdb has put SQLFrame in the place of.
    model = load_functions(Path(plan["functions"]))
    tables = {name: read_table(session, table) for name, table in plan["tables"].items()}
    for name, output in plan["outputs"].items():
        days = days_frame(session, output["days"])
        rows = getattr(model, f"build_{name}")(tables, days)
        write(plan["engine"], rows, output["columns"], Path(output["path"]))
        print(f"{name}: {output['days'][0]}..{output['days'][-1]} built on {plan['engine']}")


def open_spark() -> Any:
    """The Spark session of this spark-submit."""
    from pyspark.sql import SparkSession

    return (
        SparkSession.builder.appName("contender-features")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .getOrCreate()
    )


def open_duckdb() -> Any:
    """A session that answers PySpark's DataFrame calls by DuckDB; must come before pyspark is imported."""
    import duckdb
    from sqlframe import activate

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    activate("duckdb", conn=connection)
    from pyspark.sql import DataFrame, SparkSession

    session = SparkSession.builder.getOrCreate()
    names = (f"checkpoint_{number}" for number in itertools.count())

    def local_checkpoint(rows: Any, eager: bool = True) -> Any:  # noqa: ARG001 - as PySpark calls it
        name = next(names)
        connection.execute(f"CREATE TABLE {name} AS {rows.sql(dialect='duckdb')}")
        return session.table(name)

    # PySpark has this method and SQLFrame does not; without it every further call rewrites a longer query.
    DataFrame.localCheckpoint = local_checkpoint
    return session


def load_functions(file: Path) -> ModuleType:
    """The module of a model's features.py."""
    spec = importlib.util.spec_from_file_location("model_features", file)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{file}: cannot be loaded: is it a Python file?")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_table(session: Any, table: Mapping[str, Any]) -> Any:
    """The table's rows, every column cast to its declared type; an empty table when it has no files."""
    if not table["files"]:
        return empty(session, table["columns"])
    return cast(session.read.load(table["files"], format="parquet"), table["columns"])


def empty(session: Any, columns: list[dict[str, str]]) -> Any:
    """A table with these columns and no rows."""
    from pyspark.sql import functions as F

    row = session.createDataFrame([(0,)], ["_none"])
    typed = [F.lit(None).cast(SQL_TYPES[c["type"]]).alias(c["name"]) for c in columns]
    return row.select("_none", *typed).where(F.col("_none") > 0).select(*(c["name"] for c in columns))


def days_frame(session: Any, span: list[str]) -> Any:
    """A table with the one column `day`, a row for each day from the first to the last of `span`."""
    from pyspark.sql import functions as F

    first, last = (date.fromisoformat(text) for text in (span[0], span[-1]))
    days = [((first + timedelta(days=n)).isoformat(),) for n in range((last - first).days + 1)]
    return session.createDataFrame(days, ["day"]).select(F.col("day").cast("date").alias("day"))


def cast(rows: Any, columns: list[dict[str, str]]) -> Any:
    """The declared columns, in their order and of their types."""
    from pyspark.sql import functions as F

    return rows.select(*(F.col(c["name"]).cast(SQL_TYPES[c["type"]]).alias(c["name"]) for c in columns))


def write(engine: str, rows: Any, columns: list[dict[str, str]], path: Path) -> None:
    """Write Parquet files into the folder `path`, in place of what an attempt before has left there."""
    shutil.rmtree(path, ignore_errors=True)
    if engine == "spark":
        cast(rows, columns).coalesce(1).write.mode("overwrite").parquet(str(path))
    else:
        path.mkdir(parents=True)
        cast(rows, columns).write.parquet(str(path / "part-0.parquet"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: build_features.py PLAN.json")
    main(sys.argv[1])
