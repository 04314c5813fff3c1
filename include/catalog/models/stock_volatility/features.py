"""Features of a stock's recent moves, and labels of its moves in the week after, for Spark and DuckDB."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

LABEL_DAYS = 7
# Moves are integers, in millionths of the price, so that sums do not depend on the order of rows.
PER_PERCENT = 10_000


def build_features(tables: Mapping[str, DataFrame], days: DataFrame) -> DataFrame:
    """Return one row per stock and trading day of `days`, from the prices up to that day.

    `tables` contains stock_prices; `days` has the single column `day`.
    """
    moves = _moves(tables["stock_prices"]).localCheckpoint(eager=False)
    of_stock = moves.select(
        *("day", "ticker"),
        F.dayofweek("day").alias("weekday"),
        *(_mean_size(span, "ticker").alias(f"move_{span}") for span in (1, 7, 28, 91)),
        (F.max("size").over(_last(28, "ticker")) / PER_PERCENT).alias("largest_28"),
        *(
            (F.sum("move").over(_last(span, "ticker")) / PER_PERCENT).alias(f"trend_{span}")
            for span in (7, 28)
        ),
    )
    days_of_market = moves.groupBy("day", "nth").agg(
        F.sum("size").alias("size"), F.sum("moves").alias("moves"), F.max(F.lit("all")).alias("market")
    )
    of_market = days_of_market.select(
        "day", *(_mean_size(span, "market").alias(f"market_{span}") for span in (1, 7, 28))
    )
    return of_stock.join(of_market, "day").join(days, "day")


def build_labels(tables: Mapping[str, DataFrame], days: DataFrame) -> DataFrame:
    """Return one row per row of `build_features`: the mean size of the stock's moves in the 7 days after."""
    ahead = Window.partitionBy("ticker").orderBy("nth").rangeBetween(1, LABEL_DAYS)
    moves = _moves(tables["stock_prices"]).select("day", "ticker", _ratio("size", ahead).alias("label"))
    return moves.where(F.col("label").isNotNull()).join(days, "day")


def _moves(prices: DataFrame) -> DataFrame:
    """Return the change of each price since the previous trading day, and its size, in millionths."""
    numbered = prices.withColumn("nth", F.datediff(F.col("day"), F.lit("2000-01-01").cast("date")))
    before = F.lag("close").over(Window.partitionBy("ticker").orderBy("nth"))
    changed = numbered.withColumn("before", before).where(F.col("before") > 0)
    move = F.round((F.col("close") / F.col("before") - 1) * 100 * PER_PERCENT).cast("bigint")
    return changed.select("day", "nth", "ticker", move.alias("move")).select(
        "*", F.abs("move").alias("size"), F.lit(1).alias("moves")
    )


def _last(days: int, by: str) -> WindowSpec:
    """Return the window of the last `days` days, including a row's own."""
    return Window.partitionBy(by).orderBy("nth").rangeBetween(-(days - 1), 0)


def _mean_size(days: int, by: str) -> Column:
    return _ratio("size", _last(days, by))


def _ratio(name: str, window: WindowSpec) -> Column:
    """Return a sum per move, in percent; missing without moves."""
    moves = F.sum("moves").over(window)
    return F.when(moves > 0, F.sum(name).over(window) / moves / PER_PERCENT)
