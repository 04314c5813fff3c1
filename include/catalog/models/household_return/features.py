"""Features of a household's purchases, and labels of its return, for Spark and DuckDB."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

HISTORY_DAYS = 56
ACTIVE_DAYS = 28
RETURN_DAYS = 7

FRESH = ("PRODUCE", "MEAT", "SEAFOOD", "DELI", "PASTRY", "FLORAL", "SALAD BAR")

# The sums of a household, and their numbers of days.
SUMMED: Mapping[str, tuple[int, ...]] = {
    "shopped": (7, 14, ACTIVE_DAYS, HISTORY_DAYS),
    "baskets": (28,),
    "items": (28,),
    "spent": (7, 28),
    "fresh": (28,),
    "fuel": (28,),
    "private": (28,),
    "discount": (28,),
}


def build_features(tables: Mapping[str, DataFrame], days: DataFrame) -> DataFrame:
    """Return one row per household and day of `days` if it shopped on that day or the 27 days before.

    `tables` contains transactions, products and demographics; `days` has the single column `day`.
    """
    visits = _visits(tables["transactions"], tables["products"]).localCheckpoint(eager=False)
    sums = {f"{name}_{span}": _of_last(name, span) for name, spans in SUMMED.items() for span in spans}
    asked = _asked(visits, days).select(
        *("day", "nth", "household_id", "asked"),
        *(total.alias(name) for name, total in sums.items()),
        _weeks_with_a_visit(HISTORY_DAYS // 7).alias("weeks_of_8"),
        F.max("visit").over(_up_to(0)).alias("last"),
        # A visit's predecessor only increases, so the maximum belongs to the newest visit.
        F.max("visit_before").over(_up_to(0)).alias("last_but_one"),
    )
    active = asked.where((F.col("asked") == 1) & (F.col("shopped_28") > 0)).localCheckpoint(eager=False)
    remembered = F.col("nth") - F.col("last_but_one") < HISTORY_DAYS
    habits = active.select(
        *("day", "household_id", "shopped_7", "shopped_14", "shopped_28", "shopped_56"),
        *("weeks_of_8", "baskets_28", "items_28"),
        F.dayofweek("day").alias("weekday"),
        (F.col("nth") - F.col("last")).alias("days_since"),
        F.when(remembered, F.col("last") - F.col("last_but_one")).alias("gap_before"),
        (F.col("spent_7") / 100).alias("spend_7"),
        (F.col("spent_28") / 100).alias("spend_28"),
        _share("fresh_28").alias("fresh_share"),
        _share("fuel_28").alias("fuel_share"),
        _share("private_28").alias("private_share"),
        _ratio(F.col("discount_28"), F.col("spent_28") + F.col("discount_28")).alias("discount_share"),
    )
    return habits.join(_who(tables["demographics"]), "household_id", "left").select(
        *habits.columns, *(F.coalesce(F.col(name), F.lit("unknown")).alias(name) for name in WHO)
    )


def build_labels(tables: Mapping[str, DataFrame], days: DataFrame) -> DataFrame:
    """Return one row per row of `build_features`: 1 if the household shopped in the 7 days after, else 0."""
    visits = _visits(tables["transactions"], tables["products"])
    after = Window.partitionBy("household_id").orderBy("nth").rangeBetween(1, RETURN_DAYS)
    asked = _asked(visits, days).select(
        *("day", "household_id", "asked"),
        _of_last("shopped", ACTIVE_DAYS).alias("shopped_28"),
        F.coalesce(F.max("shopped").over(after), F.lit(0)).alias("label"),
    )
    active = asked.where((F.col("asked") == 1) & (F.col("shopped_28") > 0))
    return active.select("day", "household_id", "label")


def _visits(transactions: DataFrame, products: DataFrame) -> DataFrame:
    """Return one row per household and shopping day, with integer sums that do not depend on the order of rows."""
    sold = transactions.join(products.select("product_id", "department", "brand"), "product_id", "left")
    priced = sold.select(
        *("day", "household_id", "basket_id"),
        _cents("sales_value").alias("cents"),
        (_cents("retail_disc") + _cents("coupon_disc") + _cents("coupon_match_disc")).alias("discount"),
        F.col("department").isin(*FRESH).alias("is_fresh"),
        (F.col("department") == "FUEL").alias("is_fuel"),
        (F.col("brand") == "Private").alias("is_private"),
    )
    counted = priced.groupBy("day", "household_id").agg(
        F.countDistinct("basket_id").alias("baskets"),
        F.count("basket_id").alias("items"),
        F.sum("cents").alias("spent"),
        *(F.sum(_if(f"is_{part}", "cents")).alias(part) for part in ("fresh", "fuel", "private")),
        F.sum("discount").alias("discount"),
    )
    in_order = Window.partitionBy("household_id").orderBy("nth")
    return (
        counted.withColumn("nth", _nth())
        .withColumn("shopped", F.lit(1))
        .withColumn("visit", F.col("nth"))
        .withColumn("visit_before", F.lag("nth").over(in_order))
    )


def _asked(visits: DataFrame, days: DataFrame) -> DataFrame:
    """Return the visits, and an empty row (`asked` is 1) for each household and each of `days`."""
    missing = F.lit(None).cast("int")
    asked = days.crossJoin(visits.select("household_id").distinct()).select(
        *("day", "household_id"),
        _nth().alias("nth"),
        F.lit(1).alias("asked"),
        *(F.lit(0).alias(name) for name in SUMMED),
        *(missing.alias(name) for name in ("visit", "visit_before")),
    )
    return visits.withColumn("asked", F.lit(0)).select(asked.columns).unionByName(asked)


def _up_to(days_ago: int) -> WindowSpec:
    """Return the window of a household's rows up to a number of days before a row's day."""
    ordered = Window.partitionBy("household_id").orderBy("nth")
    return ordered.rangeBetween(Window.unboundedPreceding, -days_ago)


def _of_last(name: str, span: int, ended_days_ago: int = 0) -> Column:
    """Return a sum over `span` days, as the difference of two running sums."""

    def total(days_ago: int) -> Column:
        return F.coalesce(F.sum(name).over(_up_to(days_ago)), F.lit(0))

    return total(ended_days_ago) - total(ended_days_ago + span)


def _weeks_with_a_visit(weeks: int) -> Column:
    each = [F.when(_of_last("shopped", 7, 7 * ago) > 0, F.lit(1)).otherwise(F.lit(0)) for ago in range(weeks)]
    return sum(each[1:], each[0])


def _nth() -> Column:
    """Return the day as a number, for windows over days."""
    return F.datediff(F.col("day"), F.lit("2000-01-01").cast("date"))


def _cents(name: str) -> Column:
    return F.round(F.col(name) * 100).cast("bigint")


def _if(condition: str, name: str) -> Column:
    return F.when(F.col(condition), F.col(name)).otherwise(F.lit(0))


def _share(part: str) -> Column:
    return _ratio(F.col(part), F.col("spent_28"))


def _ratio(part: Column, whole: Column) -> Column:
    return F.when(whole > 0, part / whole)


WHO = ("household_size", "income")


def _who(demographics: DataFrame) -> DataFrame:
    return demographics.select("household_id", *WHO)
