"""Build a model's features and labels from a plan: on Spark under spark-submit, otherwise on DuckDB in this process.

    spark-submit spark_jobs/build_features.py PLAN.json [PLAN.json ...]
    python spark_jobs/build_features.py PLAN.json [PLAN.json ...]

The plan contains the model's `features.py`, the Parquet files and columns of each table (of pinned snapshots), and the
days, columns and folder of each output (`features`, `labels`). The job reads no other data, so none can leak into a
feature. On DuckDB, it keeps the SQL of a build for later nights, in the folder `kept` of the plan. A place is a path or
`s3://bucket/key`; endpoint and credentials of S3 come from the standard AWS variables.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import kept_sql
from duckdb_session import (
    add_days,
    add_files,
    connect,
    name_tables,
    reject_intervals,
    save_file,
)
from duckdb_translation import translate_as_spark
from job_files import exists, for_spark, put, read_text

SQL_TYPES = {
    "string": "string",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


class Engine(NamedTuple):
    """A session with functions to read Parquet files, to make a table of days, and to write rows into a folder.

    Rows replace the content of the folder. They are written with the types that the engine computed. Casts differ
    between the engines, so Contender converts the values to the declared types after it has read them.
    """

    session: Any
    load: Callable[[Sequence[str]], Any]
    days: Callable[[Sequence[date]], Any]
    save: Callable[[Any, str], None]


def main(plan_files: Sequence[str]) -> None:
    """Build the plans, which have the same engine, one after the other."""
    plans = [json.loads(read_text(file)) for file in plan_files]
    if plans[0]["engine"] == "duckdb" and len(plans) == 1:
        build_on_duckdb(plans[0])
        return
    engine = open_spark() if plans[0]["engine"] == "spark" else open_duckdb()
    for plan in plans:
        build(engine, plan)


def build(engine: Engine, plan: Mapping[str, Any]) -> None:
    """Build every output of a plan, and print one line per output."""
    # The model's file imports pyspark, which open_duckdb has replaced by SQLFrame.
    model = load_functions(Path(plan["functions"]))
    tables = {name: read_table(engine, table) for name, table in plan["tables"].items()}
    days = {name: engine.days(days_of(output)) for name, output in plan["outputs"].items()}
    for name, output in plan["outputs"].items():
        rows = getattr(model, f"build_{name}")(tables, days[name])
        engine.save(rows.select(*(column["name"] for column in output["columns"])), output["path"])
        print(f"{describe(name, output)} built on {plan['engine']}")


def build_on_duckdb(plan: Mapping[str, Any]) -> None:
    """Build a plan with the SQL that an earlier night has kept, or keep its SQL for later nights."""
    ran: list[kept_sql.Statement] = []
    if not kept_sql.follows_from_text(Path(plan["functions"]).read_text()):
        build(open_duckdb(), plan)
    elif not run_kept(plan):
        build(open_duckdb(ran), plan)
        put(kept_sql.dump(ran, plan["outputs"]), find_kept(plan, add_inputs(connect(), plan)))


def run_kept(plan: Mapping[str, Any]) -> bool:
    """Build a plan with kept SQL; returns False if there is none. Imports neither the model nor SQLFrame."""
    connection = connect()
    file = find_kept(plan, add_inputs(connection, plan))
    if not exists(file):
        return False
    for statement in kept_sql.load(read_text(file), plan["outputs"]):
        if statement.output is None:
            connection.execute(statement.sql)
        else:
            save_file(connection.sql(statement.sql), statement.output)
    for name, output in plan["outputs"].items():
        print(f"{describe(name, output)} built on duckdb, with the SQL of an earlier build")
    return True


def find_kept(plan: Mapping[str, Any], inputs: Sequence[Any]) -> str:
    """Return the place of the SQL of a plan with these inputs."""
    return f"{plan['kept']}/{kept_sql.fingerprint(plan, Path(__file__), inputs)}.json"


def add_inputs(connection: Any, plan: Mapping[str, Any]) -> list[Any]:
    """Add a plan's inputs as `build` does, under the same names, and return their columns and types."""
    names = name_tables()
    given = [table["files"] for table in plan["tables"].values() if table["files"]]
    added = [add_files(connection, files, next(names)) for files in given]
    added += [add_days(connection, days_of(output), next(names)) for output in plan["outputs"].values()]
    return [connection.sql(f"DESCRIBE {name}").fetchall() for name in added]


def open_spark() -> Engine:
    """Open the Spark session of this spark-submit."""
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.appName("contender-features")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        # As on DuckDB, a division by zero, an overflow, or a cast of a text that is not a number is an error.
        .config("spark.sql.ansi.enabled", "true")
        .getOrCreate()
    )

    def load(files: Sequence[str]) -> Any:
        return session.read.parquet(*(for_spark(file) for file in files))

    def days(wanted: Sequence[date]) -> Any:
        rows = session.createDataFrame([(day.isoformat(),) for day in wanted], ["day"])
        return rows.select(rows["day"].cast("date").alias("day"))

    def save(rows: Any, folder: str) -> None:
        reject_intervals(dict(rows.dtypes))
        rows.coalesce(1).write.mode("overwrite").parquet(for_spark(folder))

    return Engine(session, load, days, save)


def open_duckdb(ran: list[kept_sql.Statement] | None = None) -> Engine:
    """Open a session that runs PySpark's DataFrame API on DuckDB. Call it before pyspark is imported.

    The queries that it runs are added to `ran`.
    """
    from sqlframe import activate

    connection, names, queries = connect(), name_tables(), [] if ran is None else ran
    translate_as_spark()
    activate("duckdb", conn=connection)
    from pyspark.sql import DataFrame, SparkSession

    session = SparkSession.builder.getOrCreate()

    def local_checkpoint(rows: Any, eager: bool = True) -> Any:  # noqa: ARG001 - PySpark's signature
        name = next(names)
        queries.append(kept_sql.Statement(f"CREATE TABLE {name} AS {rows.sql(dialect='duckdb')}"))
        connection.execute(queries[-1].sql)
        return session.table(name)

    # SQLFrame lacks this method of PySpark; without it, every further call produces a longer query.
    DataFrame.localCheckpoint = local_checkpoint

    def load(files: Sequence[str]) -> Any:
        return session.table(add_files(connection, files, next(names)))

    def days(wanted: Sequence[date]) -> Any:
        return session.table(add_days(connection, wanted, next(names)))

    def save(rows: Any, folder: str) -> None:
        queries.append(kept_sql.Statement(rows.sql(dialect="duckdb"), folder))
        save_file(connection.sql(queries[-1].sql), folder)

    return Engine(session, load, days, save)


def load_functions(file: Path) -> ModuleType:
    """Load a model's features.py."""
    spec = importlib.util.spec_from_file_location("model_features", file)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{file} cannot be loaded. Check that it is a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_table(engine: Engine, table: Mapping[str, Any]) -> Any:
    """Read a table with every column cast to its declared type; a table without files is empty."""
    if not table["files"]:
        return empty(engine.session, table["columns"])
    return cast(engine.load(table["files"]), table["columns"])


def empty(session: Any, columns: list[dict[str, str]]) -> Any:
    """Return a table with these columns and no rows."""
    from pyspark.sql import functions as F

    row = session.createDataFrame([(0,)], ["_none"])
    typed = [F.lit(None).cast(SQL_TYPES[c["type"]]).alias(c["name"]) for c in columns]
    return row.select("_none", *typed).where(F.col("_none") > 0).select(*(c["name"] for c in columns))


def describe(name: str, output: Mapping[str, Any]) -> str:
    """Return the name and the days of an output, for the log."""
    return f"{name}: {output['days'][0]}..{output['days'][-1]}"


def days_of(output: Mapping[str, Any]) -> list[date]:
    """Return the days of an output."""
    first, last = (date.fromisoformat(text) for text in (output["days"][0], output["days"][-1]))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def cast(rows: Any, columns: list[dict[str, str]]) -> Any:
    """Select the declared columns in order, cast to their types."""
    from pyspark.sql import functions as F

    return rows.select(*(F.col(c["name"]).cast(SQL_TYPES[c["type"]]).alias(c["name"]) for c in columns))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("usage: build_features.py PLAN.json [PLAN.json ...]")
    main(sys.argv[1:])
