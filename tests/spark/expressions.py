"""Expressions over a sample of edge values: those on which Spark and DuckDB agree, and those on which they differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

import pyarrow as pa

from contender.specs import ColumnType

SAMPLE = pa.table(
    {
        "k": pa.array([1, 2, 3, 4, 5, 6, 7, 8, 9]),
        "a": pa.array([0.0, 0.5, 1.5, 2.5, -0.5, -2.7, 99.99, 1e10, None]),
        "z": pa.array([0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 3.0, 4.0, None]),
        "i": pa.array([0, 1, -7, 7, 3, -3, 10, 2**40, None]),
        "j": pa.array([0, 2, 2, -2, 2, 2, 0, 4, None]),
        "s": pa.array([" 5 ", "007", "abc", "", "Straße", "ÀÉ", "a,b", "5.5", None]),
        "u": pa.array(["b", "B", "a", "Z", "é", "z", "_", "", None]),
        "d": pa.array(
            [date(*d) for d in ((2024, 1, 1), (2024, 2, 29), (2023, 12, 31), (2024, 3, 31), (2024, 10, 27))]
            + [date(2021, 1, 3), date(2020, 12, 31), date(1969, 12, 31), None]
        ),
        "t": pa.array(
            [
                datetime(2024, 3, 31, 0, 30, tzinfo=UTC),
                datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
                datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
                datetime(2024, 10, 27, 1, 30, 15, 123456, tzinfo=UTC),
                datetime(1960, 1, 1, tzinfo=UTC),
                datetime(2024, 1, 1, 23, 59, 59, 999999, tzinfo=UTC),
                datetime(2024, 7, 1, tzinfo=UTC),
                datetime(2024, 12, 31, 23, tzinfo=UTC),
                None,
            ],
            pa.timestamp("us", "UTC"),
        ),
        "b": pa.array([True, False, True, None, True, False, True, False, None]),
    }
)


class Expression(NamedTuple):
    """An expression of PySpark's API over the sample, its declared type, and what to write where engines differ."""

    written: str
    declared: ColumnType = "number"
    instead: str = ""


# Functions of windows that end before their row: translated by a rule of their own.
_WINDOWS: Mapping[str, Mapping[str, ColumnType]] = {
    'Window.orderBy("k")': {
        'F.sum("a")': "number",
        'F.count("*")': "integer",
        'F.max("u")': "string",
        'F.first("u")': "string",
        'F.last("u")': "string",
        'F.last("j", ignorenulls=True)': "integer",
        'F.first("a", ignorenulls=True)': "number",
    },
    'Window.partitionBy("b").orderBy("i")': {'F.sum("k")': "integer", 'F.avg("k")': "number"},
    'Window.orderBy(F.desc("i"))': {'F.sum("k")': "integer"},
    'Window.orderBy(F.col("i").asc_nulls_last())': {'F.sum("k")': "integer"},
    'Window.orderBy(F.col("i").desc_nulls_first())': {'F.sum("k")': "integer"},
}

# The first agree because of the sessions' settings and the translation in duckdb_translation.py.
AGREEING = (
    Expression('F.log("z")'),
    Expression('F.coalesce(F.log("a"), F.lit(-1.5))'),
    Expression('F.log10("a")'),
    Expression('F.col("i") * 0.1 + 0.2'),
    Expression('F.row_number().over(Window.orderBy("u"))', "integer"),
    Expression('F.row_number().over(Window.orderBy(F.desc("u")))', "integer"),
    Expression('F.lag("k").over(Window.orderBy("a"))', "integer"),
    Expression('F.sum("i").over(Window.partitionBy())', "integer"),
    Expression('F.avg("i").over(Window.partitionBy())'),
    Expression('F.col("i") / 2'),
    Expression('F.sqrt("a")'),
    Expression('F.exp("a")'),
    Expression('F.round("a")'),
    Expression('F.round("a")', "integer"),
    Expression('F.floor("a")', "integer"),
    Expression('F.ceil("a")', "integer"),
    Expression('F.abs("i")', "integer"),
    Expression('F.greatest("i", "j")', "integer"),
    Expression('F.lower("s")', "string"),
    Expression('F.trim("s")', "string"),
    Expression('F.length("s")', "integer"),
    Expression('F.substring("s", 1, 2)', "string"),
    Expression('F.concat("s", F.lit("-"), "u")', "string"),
    Expression('F.col("s") == ""', "boolean"),
    Expression('F.col("u") < "a"', "boolean"),
    Expression('F.col("s").like("a%")', "boolean"),
    Expression('F.col("u").isin("a", "b")', "boolean"),
    Expression('F.col("i").eqNullSafe(F.col("j"))', "boolean"),
    Expression('F.when(F.col("b"), 1).otherwise(0)', "integer"),
    Expression('F.col("b").cast("int")', "integer"),
    Expression('F.dayofweek("d")', "integer"),
    Expression('F.weekofyear("d")', "integer"),
    Expression('F.dayofyear("d")', "integer"),
    Expression('F.quarter("d")', "integer"),
    Expression('F.hour("t")', "integer"),
    Expression('F.second("t")', "integer"),
    Expression('F.to_date("t")', "date"),
    Expression('F.date_format("d", "yyyy-MM")', "string"),
    Expression('F.date_add("d", 31)', "date"),
    Expression('F.last_day("d")', "date"),
    Expression('F.trunc("d", "month")', "date"),
    Expression('F.datediff("d", F.lit("2024-01-01").cast("date"))', "integer"),
    Expression('F.stddev("z").over(Window.partitionBy())'),
    Expression('F.max("u").over(Window.partitionBy())', "string"),
    Expression('F.sum(F.when(F.col("k") > 99, F.col("a"))).over(Window.partitionBy())'),
    Expression('F.max_by("u", "i").over(Window.partitionBy())', "string"),
    Expression('F.add_months("d", 1)', "date"),
    Expression('F.pow("a", F.lit(0.5))'),
    Expression('F.signum("a")'),
    Expression('F.date_format("d", "E")', "string"),
    Expression('F.regexp_extract("s", r"([a-z]+)", 1)', "string"),
    Expression('F.split("s", ",")[0]', "string"),
    Expression('F.concat_ws("-", "s", "u")', "string"),
    Expression('F.first("u").over(Window.orderBy("a"))', "string"),
    Expression('F.median("a").over(Window.partitionBy())'),
    Expression('F.mode("j").over(Window.partitionBy())', "integer"),
    Expression('F.approx_count_distinct("u").over(Window.partitionBy())', "integer"),
    Expression('F.concat_ws(",", F.sort_array(F.collect_set("u").over(Window.partitionBy())))', "string"),
    Expression('F.avg("a").over(Window.orderBy("k").rowsBetween(-1, 0))'),
    Expression('F.sum("a").over(Window.partitionBy("b").orderBy("k"))'),
    Expression('F.minute("t")', "integer"),
    Expression('F.date_trunc("week", "t")', "timestamp"),
    Expression('F.rank().over(Window.orderBy("z"))', "integer"),
    *(
        Expression(f"{call}.over({rows}.rangeBetween(Window.unboundedPreceding, -1))", declared)
        for rows, calls in _WINDOWS.items()
        for call, declared in calls.items()
    ),
    Expression('F.sum("k").over(Window.orderBy(F.col("i").asc_nulls_last()))', "integer"),
    Expression('F.sum("k").over(Window.orderBy(F.col("i").desc_nulls_first()))', "integer"),
    Expression('F.last("a", ignorenulls=True).over(Window.orderBy("k"))'),
    Expression('F.lpad("s", 4, "0")', "string"),
    Expression('F.instr("s", "b")', "integer"),
    Expression('F.reverse("s")', "string"),
    Expression('F.least("i", "j")', "integer"),
    Expression('F.pow("j", F.lit(2))'),
    Expression('-F.col("i") % 4', "integer"),
    Expression('F.stddev(F.when(F.col("k") == 2, F.col("a"))).over(Window.partitionBy())'),
    Expression('F.skewness("z").over(Window.partitionBy())'),
    Expression('F.kurtosis("z").over(Window.partitionBy())'),
    Expression("F.lit(0.1) + F.lit(0.2)"),
    Expression('F.corr("a", "z").over(Window.partitionBy())'),
)

# An error on both engines.
FAILING = (
    Expression('F.col("a") / F.col("z")'),
    Expression('F.col("i") % F.col("j")', "integer"),
    Expression('F.col("s").cast("double")'),
    Expression('F.col("i") * F.col("i")', "integer"),
)

DIFFERING = (
    Expression('F.col("a").cast("bigint")', "integer", "`F.floor`, `F.ceil` or `F.round` first"),
    Expression(
        'F.when(F.col("s") == "5.5", F.col("s")).cast("bigint")',
        "integer",
        '`F.round(F.col("s").cast("double"))`',
    ),
    Expression('F.upper("s")', "string", "`F.lower`"),
    Expression('F.substring("s", 0, 2)', "string", "start at 1"),
    Expression('F.months_between("d", F.lit("2024-01-15").cast("date"))', "number", "`F.datediff`"),
    Expression('F.unix_timestamp("t")', "integer", '`F.unix_timestamp(F.date_trunc("second", "t"))`'),
    Expression('F.col("t").cast("bigint")', "integer", "`F.unix_timestamp`"),
    Expression('F.col("t").cast("string")', "string", "`F.date_format`"),
    Expression('F.col("a").cast("string")', "string", "keep the number"),
    Expression('F.hash("s")', "integer", "keep the text"),
    Expression('F.crc32("s")', "integer", "keep the text"),
    Expression('F.pmod("i", F.lit(3))', "integer", "`((x % 3) + 3) % 3`"),
    Expression('F.log1p("z")', "number", '`F.log(1 + F.col("z"))`'),
    Expression('F.percentile_approx("a", 0.5).over(Window.partitionBy())', "number", "`F.median`"),
    Expression('F.col("d") - F.lit("2024-01-01").cast("date")', "integer", "`F.datediff`"),
    Expression(
        'F.hour(F.from_utc_timestamp("t", "Europe/Berlin"))',
        "integer",
        "a column with the local hour in the dataset",
    ),
    Expression('F.pow("z", F.lit(-1))', "number", "`F.when(x != 0, 1 / x)`"),
    Expression('F.acos("a")', "number", "`F.when(F.abs(x) <= 1, F.acos(x))`"),
)
