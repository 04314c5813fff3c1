"""A failed expectation is reported with the file and line that declare it."""

from __future__ import annotations

import shutil

import pytest

from contender.settings import PROJECT
from contender.specs import describe, load_catalog, locate_expectations

HOME = PROJECT / "include" / "catalog"


def line(where: str) -> str:
    file, _, number = where.partition(":")
    return (HOME / file).read_text().splitlines()[int(number) - 1].strip()


@pytest.mark.parametrize(
    ("table", "identity", "declaration"),
    [
        ("datasets.departures", "dep_delay is between -60 and 2000", 'Between(column="dep_delay"'),
        ("datasets.departures", "there are 500 to 1300 rows", "RowCount(low=500, high=1300)"),
        ("datasets.departures", "carrier has a value", 'Column(name="carrier"'),
        ("datasets.departures", "no two rows share day, carrier, flight, origin", "primary_key="),
        ("features.flight_delay", "dep_hour has a value", 'Column(name="dep_hour"'),
        ("features.flight_delay", "no two rows share day, carrier, flight, origin", "keys="),
    ],
)
def test_a_declared_expectation_has_its_line(catalog, table, identity, declaration):
    assert line(locate_expectations(catalog, table, [identity])[identity]).startswith(declaration)


def test_every_declared_expectation_of_a_dataset_has_a_line(catalog):
    for name, dataset in catalog.datasets.items():
        identities = [describe(e, 1) for e in dataset.contract.all_expectations()]
        found = locate_expectations(catalog, f"datasets.{name}", identities)
        assert [identity for identity in identities if ":" not in found[identity]] == []


def test_a_comparison_with_previous_days_has_the_file_or_its_bounds(catalog):
    identity = "about as many rows as on the same weekday"
    assert locate_expectations(catalog, "datasets.departures", [identity]) == {
        identity: "datasets/departures.py"
    }


def test_an_expectation_that_is_no_longer_declared_has_its_file(tmp_path):
    home = tmp_path / "catalog"
    shutil.copytree(HOME, home)
    catalog = load_catalog(home)
    identity = "wind_speed is between 0 and 1"
    assert locate_expectations(catalog, "datasets.weather", [identity]) == {identity: "datasets/weather.py"}


def test_a_table_that_no_longer_exists_has_no_line(catalog):
    assert locate_expectations(catalog, "datasets.gone", ["x"]) == {"x": ""}
