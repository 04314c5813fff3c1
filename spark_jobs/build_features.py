"""Build a model's features and labels from a plan: on Spark under spark-submit, otherwise on DuckDB in this process.

    spark-submit spark_jobs/build_features.py PLAN.json [PLAN.json ...]
    python spark_jobs/build_features.py PLAN.json [PLAN.json ...]

The plan contains the model's `features.py`, the Parquet files and columns of each table (of pinned snapshots), and the
days, columns and folder of each output (`features`, `labels`). The job reads nothing else, so other data cannot leak
into a feature. A place is a path or `s3://bucket/key`; endpoint and credentials of S3 come from the standard AWS
variables.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, NamedTuple

S3 = "s3://"

SQL_TYPES = {
    "string": "string",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


class Engine(NamedTuple):
    """A session with functions to read Parquet files and to write rows into a folder, replacing its content.

    Rows are written with the types that the engine computed. Casts differ between the engines, so Contender converts
    the values to the declared types after it has read them.
    """

    session: Any
    load: Callable[[Sequence[str]], Any]
    save: Callable[[Any, str], None]


def main(plan_files: Sequence[str]) -> None:
    """Build the plans, which have the same engine, one after the other."""
    plans = [json.loads(read_text(file)) for file in plan_files]
    engine = open_spark() if plans[0]["engine"] == "spark" else open_duckdb()
    for plan in plans:
        build(engine, plan)


def build(engine: Engine, plan: Mapping[str, Any]) -> None:
    """Build every output of a plan, and print one line per output."""
    # The model's file imports pyspark, which open_duckdb has replaced by SQLFrame.
    model = load_functions(Path(plan["functions"]))
    tables = {name: read_table(engine, table) for name, table in plan["tables"].items()}
    for name, output in plan["outputs"].items():
        days = days_frame(engine.session, output["days"])
        rows = getattr(model, f"build_{name}")(tables, days)
        engine.save(rows.select(*(column["name"] for column in output["columns"])), output["path"])
        print(f"{name}: {output['days'][0]}..{output['days'][-1]} built on {plan['engine']}")


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

    def save(rows: Any, folder: str) -> None:
        reject_intervals(dict(rows.dtypes))
        rows.coalesce(1).write.mode("overwrite").parquet(for_spark(folder))

    return Engine(session, load, save)


def open_duckdb() -> Engine:
    """Open a session that runs PySpark's DataFrame API on DuckDB. Call it before pyspark is imported."""
    import duckdb
    from sqlframe import activate

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    # A night is small, other builds share the host, and results must not depend on the scheduling of threads.
    connection.execute("SET threads = 1")
    # As Spark orders missing values, in windows and sorts.
    connection.execute("SET default_null_order = 'nulls_first_on_asc_last_on_desc'")
    # As on Spark, a division by zero is an error, not infinity.
    connection.execute("SET ieee_floating_point_ops = false")
    translate_as_spark()
    activate("duckdb", conn=connection)
    from pyspark.sql import DataFrame, SparkSession

    session = SparkSession.builder.getOrCreate()
    names = (f"made_{number}" for number in itertools.count())

    def local_checkpoint(rows: Any, eager: bool = True) -> Any:  # noqa: ARG001 - PySpark's signature
        name = next(names)
        connection.execute(f"CREATE TABLE {name} AS {rows.sql(dialect='duckdb')}")
        return session.table(name)

    # SQLFrame lacks this method of PySpark; without it, every further call produces a longer query.
    DataFrame.localCheckpoint = local_checkpoint

    def load(files: Sequence[str]) -> Any:
        if not files[0].startswith(S3):
            return session.read.load(files, format="parquet")
        name = next(names)
        fetch(connection, files, name)
        return session.table(name)

    def save(rows: Any, folder: str) -> None:
        save_file(connection.sql(rows.sql(dialect="duckdb")), folder)

    return Engine(session, load, save)


def translate_as_spark() -> None:
    """Let SQLFrame's translation keep three rules of Spark that no setting of DuckDB gives."""
    from sqlglot import exp
    from sqlglot.generators.duckdb import DuckDBGenerator

    def literal(generator: Any, number: Any) -> str:
        """Write 0.5 as a double; DuckDB reads it as a decimal, and computes with decimals."""
        text = str(generator.literal_sql(number))
        is_decimal = not number.is_string and "." in text and "e" not in text.lower()
        return f"{text}e0" if is_decimal else text

    def logarithm(generator: Any, call: Any) -> str:
        """Return NULL for the logarithm of zero and of negative numbers."""
        *base, number = (generator.sql(part) for part in (call.this, call.args.get("expression")) if part)
        positive = f"CASE WHEN {number} > 0 THEN {number} END"
        return str(generator.func("LOG" if base else "LN", *base, positive))

    def square_root(generator: Any, call: Any) -> str:
        """Return NaN for the square root of a negative number; with the session's settings it is an error."""
        number = generator.sql(call.this)
        return f"CASE WHEN {number} < 0 THEN 'nan'::DOUBLE ELSE SQRT({number}) END"

    # Before the first query: sqlglot caches these functions.
    DuckDBGenerator.TRANSFORMS.update(
        {exp.Literal: literal, exp.Ln: logarithm, exp.Log: logarithm, exp.Sqrt: square_root}
    )


def fetch(connection: Any, files: Sequence[str], table: str) -> None:
    """Read files on S3 into a DuckDB table."""
    # DuckDB's S3 reader is an extension that must be downloaded; Arrow includes one.
    from pyarrow import dataset

    paths = [file.removeprefix(S3) for file in files]
    connection.register("on_s3", dataset.dataset(paths, filesystem=open_s3(), format="parquet"))
    connection.table("on_s3").create(table)


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
        put(Path(draft) / "part-0.parquet", f"{folder}/part-0.parquet")


def reject_intervals(kinds: Mapping[str, str]) -> None:
    """Exit if a column, of these types by name, is an interval, which each engine writes in another unit."""
    if found := [name for name, kind in kinds.items() if "interval" in kind.lower()]:
        raise SystemExit(
            f"{', '.join(found)}: an interval has no unit. Use datediff, or a difference of unix_timestamp"
        )


def for_spark(place: str) -> str:
    """Return a place as Hadoop's file systems expect it, with `s3a://`."""
    return place.replace(S3, "s3a://", 1)


def open_s3() -> Any:
    """Open S3 with Arrow."""
    from pyarrow.fs import S3FileSystem

    variables = os.environ
    return S3FileSystem(
        endpoint_override=variables.get("AWS_ENDPOINT_URL_S3") or variables.get("AWS_ENDPOINT_URL"),
        region=variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION"),
    )


def read_text(place: str) -> str:
    """Read a text file."""
    if not place.startswith(S3):
        return Path(place).read_text()
    with open_s3().open_input_stream(place.removeprefix(S3)) as file:
        return str(file.read(), "utf-8")


def put(file: Path, place: str) -> None:
    """Copy a local file to a place, replacing the file of an earlier attempt."""
    if place.startswith(S3):
        with open_s3().open_output_stream(place.removeprefix(S3)) as target:
            target.write(file.read_bytes())
        return
    Path(place).parent.mkdir(parents=True, exist_ok=True)
    draft = Path(f"{place}.part")
    draft.write_bytes(file.read_bytes())
    draft.replace(place)


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


def days_frame(session: Any, span: list[str]) -> Any:
    """Return a table with one column `day`, and a row for each day from the first to the last of `span`."""
    from pyspark.sql import functions as F

    first, last = (date.fromisoformat(text) for text in (span[0], span[-1]))
    days = [((first + timedelta(days=n)).isoformat(),) for n in range((last - first).days + 1)]
    return session.createDataFrame(days, ["day"]).select(F.col("day").cast("date").alias("day"))


def cast(rows: Any, columns: list[dict[str, str]]) -> Any:
    """Select the declared columns in order, cast to their types."""
    from pyspark.sql import functions as F

    return rows.select(*(F.col(c["name"]).cast(SQL_TYPES[c["type"]]).alias(c["name"]) for c in columns))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("usage: build_features.py PLAN.json [PLAN.json ...]")
    main(sys.argv[1:])
