"""The simulated source: what it knows, and above all what it does not tell."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from demo import source

DAY = date(2013, 9, 2)
OUTCOMES = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum"}


@pytest.fixture
def landed(tmp_path):
    def read(dataset: str, **options) -> pd.DataFrame:
        (dropped,) = source.drop(dataset, [DAY], str(tmp_path), **options)
        return pd.read_csv(dropped.place, dtype=str)

    return read


def test_the_timetable_has_no_outcomes(landed):
    assert not OUTCOMES & set(landed("schedule").columns)


def test_the_timetable_names_just_the_flights_of_the_day(landed):
    key = ["day", "carrier", "flight", "origin"]
    assert landed("schedule")[key].equals(landed("departures")[key])


def test_rows_come_in_the_order_of_their_key_which_tells_nothing(landed):
    flights = landed("departures")
    ordered = flights.sort_values(["day", "carrier", "flight", "origin"], kind="stable")
    assert flights.equals(ordered)


def test_every_value_is_the_sources_own(landed):
    original = source._read("flights.csv.zip")
    of_day = original[(original["month"] == "9") & (original["day"] == "2")]
    key = ["carrier", "flight", "origin"]
    ours = landed("departures").set_index(key).sort_index()
    theirs = of_day.set_index(key).sort_index()
    columns = ["dest", "sched_dep_time", "dep_time", "dep_delay", "arr_delay", "air_time", "tailnum"]
    pd.testing.assert_frame_equal(ours[columns], theirs[columns])


def test_the_same_day_is_the_same_file(tmp_path):
    first, second = (
        source.drop("weather", [DAY], str(tmp_path / folder))[0].place for folder in ("one", "two")
    )
    assert Path(first).read_bytes() == Path(second).read_bytes()


def test_a_day_that_the_source_does_not_know_has_no_file(tmp_path):
    assert source.drop("weather", [date(2013, 12, 31)], str(tmp_path)) == []


def test_an_appended_rerun_repeats_keys(landed):
    flights = landed("departures")
    broken = landed("departures", fault=source.append_rerun)
    repeated = broken[broken.duplicated(["day", "carrier", "flight", "origin"])]
    assert len(repeated) == len(flights) - len(flights) // 2


def test_a_cut_upload_ends_within_a_line(tmp_path):
    (dropped,) = source.drop("schedule", [DAY], str(tmp_path), fault=source.cut_upload)
    assert not Path(dropped.place).read_text().endswith("\n")
