"""Features of tomorrow's flights and labels of today's, for Spark and DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

HISTORY_DAYS = 28

Known = Callable[[Mapping[str, Column]], Column]


def build_features(tables: Mapping[str, DataFrame], days: DataFrame) -> DataFrame:
    """Return one row per scheduled flight of `days`, from what was known before each day.

    `tables` contains schedule, departures, weather, planes and airports; `days` has the single column `day`.
    """
    flights = _numbered(tables["schedule"].join(days, "day")).localCheckpoint(eager=False)
    departures = _counted(tables["departures"], tables["planes"]).localCheckpoint(eager=False)
    timetable = flights.select(
        *("day", "carrier", "flight", "origin", "dest", "distance"),
        F.col("carrier").alias("airline"),
        F.col("origin").alias("airport"),
        F.floor(F.col("sched_dep_time") / 100).alias("dep_hour"),
        F.floor(F.col("sched_arr_time") / 100).alias("arr_hour"),
        F.dayofweek("day").alias("weekday"),
    )
    rows = timetable.join(_traffic(timetable), ["day", "origin", "dep_hour"])
    for by, features in KNOWN_BEFORE.items():
        rows = rows.join(_known_before(departures, flights, by, features), ["day", *by])
    return rows.join(_weather(tables["weather"], days), ["day", "origin"], "left").join(
        _places(tables["airports"]), "dest", "left"
    )


def build_labels(tables: Mapping[str, DataFrame], days: DataFrame) -> DataFrame:
    """Return one row per departure of `days`: 1 if it was more than 15 minutes late or cancelled, else 0."""
    departed = tables["departures"].join(days, "day")
    return departed.select("day", "carrier", "flight", "origin", _late().alias("label"))


def _late() -> Column:
    cancelled = F.col("dep_time").isNull()
    return F.when(cancelled | (F.col("arr_delay") > 15), F.lit(1)).otherwise(F.lit(0))


def _counted(departures: DataFrame, planes: DataFrame) -> DataFrame:
    """Return the departures with integer measures, so that means do not depend on the order of rows."""
    fleet = planes.select("tailnum", "seats", F.col("year").alias("built"))
    return (
        _numbered(departures)
        .join(fleet, "tailnum", "left")
        .select(
            *("day", "nth", "carrier", "flight", "origin", "dest", "seats", "built"),
            _late().alias("late"),
            F.lit(1).alias("flown"),
            F.when(F.col("seats").isNotNull(), 1).otherwise(0).alias("with_seats"),
            F.when(F.col("built").isNotNull(), 1).otherwise(0).alias("with_built"),
        )
    )


_SUMMED = ("late", "flown", "seats", "with_seats", "built", "with_built")


def _known_before(
    departures: DataFrame, flights: DataFrame, by: tuple[str, ...], features: Mapping[str, tuple[int, Known]]
) -> DataFrame:
    """Return `features` of the departures before each day, for each day and group of `flights`.

    Departures are counted per day first, then summed over windows of days: linear in the length of the history.
    """
    history = departures.groupBy("day", "nth", *by).agg(
        *(F.sum(name).alias(name) for name in _SUMMED), F.lit(0).alias("asked")
    )
    asked = flights.groupBy("day", "nth", *by).agg(
        *(F.max(F.lit(0)).alias(name) for name in _SUMMED), F.lit(1).alias("asked")
    )
    answers = [feature(_sums(by, span)).alias(name) for name, (span, feature) in features.items()]
    everything = history.unionByName(asked).select("day", *by, "asked", *answers)
    known_before = everything.where(F.col("asked") == 1).select("day", *by, *features)
    return known_before.localCheckpoint(eager=False)


def _sums(by: tuple[str, ...], span: int) -> Mapping[str, Column]:
    """Return sums over the `span` days before a day, as differences of two running sums."""

    def before(days: int) -> WindowSpec:
        return Window.partitionBy(*by).orderBy("nth").rangeBetween(Window.unboundedPreceding, -days)

    def total(name: str, days: int) -> Column:
        return F.coalesce(F.sum(name).over(before(days)), F.lit(0))

    return {name: total(name, 1) - total(name, span + 1) for name in _SUMMED}


def _numbered(rows: DataFrame) -> DataFrame:
    """Add the day as a number, for windows over days."""
    return rows.withColumn("nth", F.datediff(F.col("day"), F.lit("2000-01-01").cast("date")))


def _share_late(known: Mapping[str, Column]) -> Column:
    return _ratio(known["late"], known["flown"])


def _times_flown(known: Mapping[str, Column]) -> Column:
    return known["flown"]


def _mean_seats(known: Mapping[str, Column]) -> Column:
    return _ratio(known["seats"], known["with_seats"])


def _mean_year(known: Mapping[str, Column]) -> Column:
    return _ratio(known["built"], known["with_built"])


def _ratio(total: Column, count: Column) -> Column:
    return F.when(count > 0, total / count)


# The groups by which departures are counted, and the features of the counts: number of days and formula.
KNOWN_BEFORE: Mapping[tuple[str, ...], Mapping[str, tuple[int, Known]]] = {
    ("carrier",): {
        "carrier_late": (HISTORY_DAYS, _share_late),
        "carrier_late_newest": (1, _share_late),
    },
    ("origin",): {
        "origin_late": (HISTORY_DAYS, _share_late),
        "origin_late_newest": (1, _share_late),
    },
    ("dest",): {"dest_late": (HISTORY_DAYS, _share_late)},
    ("carrier", "flight"): {
        "flight_late": (HISTORY_DAYS, _share_late),
        "flight_seen": (HISTORY_DAYS, _times_flown),
    },
    ("carrier", "origin", "dest"): {
        "seats": (HISTORY_DAYS, _mean_seats),
        "built": (HISTORY_DAYS, _mean_year),
    },
}


def _traffic(timetable: DataFrame) -> DataFrame:
    return timetable.groupBy("day", "origin", "dep_hour").agg(F.count("flight").alias("hour_flights"))


def _weather(weather: DataFrame, days: DataFrame) -> DataFrame:
    """Return the previous day's last known values and extremes, by airport."""
    eve = weather.withColumn("day", F.date_add(F.col("day"), 1)).join(days, "day")

    def last_known(name: str) -> Column:
        moment = F.when(F.col(name).isNotNull(), F.col("observed_at"))
        return F.max_by(F.col(name), moment).alias(name)

    return eve.groupBy("day", "origin").agg(
        last_known("humid"),
        F.max("wind_speed").alias("wind"),
        F.max("precip").alias("rain"),
        F.min("visib").alias("visib"),
    )


def _places(airports: DataFrame) -> DataFrame:
    return airports.select(
        F.col("faa").alias("dest"), F.col("lat").alias("dest_lat"), F.col("lon").alias("dest_lon")
    )
