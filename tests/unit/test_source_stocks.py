"""The simulated exchange delivers the package's prices, and only on trading days."""

import csv
import gzip
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from demo import source
from demo.source.stocks import SOURCE as STOCKS

DAY = date(2020, 3, 16)  # the market's largest fall since 1987
SATURDAY = date(2020, 3, 14)
HOLIDAY = date(2020, 4, 10)


@pytest.fixture(scope="module")
def original() -> dict[str, dict[str, str]]:
    """The package's own prices, by day and ticker, read without the code under test."""
    home = Path(find_spec("skfolio").submodule_search_locations[0])
    with gzip.open(home / "datasets" / "data" / "sp500_dataset.csv.gz", "rt", newline="") as file:
        return {row.pop("Date"): row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def day(tmp_path_factory) -> Path:
    (file,) = source.drop("stock_prices", [DAY], str(tmp_path_factory.mktemp("landing")))
    return Path(file.place)


def test_every_price_of_a_day_is_the_packages_own(day, original):
    with day.open(newline="") as file:
        delivered = {row["ticker"]: row["close"] for row in csv.DictReader(file)}
    assert delivered == original[str(DAY)]


def test_a_file_has_the_columns_of_its_contract_and_is_sorted_by_key(day, catalog):
    header, *rows = day.read_text().splitlines()
    assert tuple(header.split(",")) == catalog.dataset("stock_prices").contract.column_names
    assert rows == sorted(rows)


@pytest.mark.parametrize("closed", [SATURDAY, HOLIDAY])
def test_a_closed_day_has_no_file(tmp_path, closed):
    dropped = source.drop("stock_prices", [closed], str(tmp_path))
    assert dropped == [source.Dropped(place=None, rows=0, day=closed)]


def test_the_contract_declares_closed_exactly_the_days_without_prices(catalog, original):
    closed = catalog.dataset("stock_prices").delivery.closed_days
    days = (STOCKS.days.first + timedelta(days=n) for n in range(len(STOCKS.days)))
    assert [day for day in days if (day in closed) == (str(day) in original)] == []


def test_the_contract_lists_the_packages_tickers(catalog, original):
    (expected,) = (e for e in catalog.dataset("stock_prices").expectations if e.columns == ("ticker",))
    assert set(expected.values) == set(original[str(DAY)])
