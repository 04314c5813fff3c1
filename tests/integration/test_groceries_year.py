"""Every clean day of the groceries passes its gate.

All expectations except the number of rows concern single rows, or keys that contain the day: if a year passes as one
range, each of its days passes. So the year is checked at once, its days are counted, and the gate runs on the extremes.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from contender.gating import check
from contender.ingesting import land
from contender.specs import Days, RowCount
from demo import source
from demo.source.groceries import SOURCE as GROCERIES

CHRISTMAS = date(2017, 12, 25)


@pytest.fixture
def spec(catalog):
    return catalog.dataset("transactions")


@pytest.fixture
def judge(grocer, spec):
    def land_and_check(days: Days):
        return check(spec.contract, land(spec, days, grocer[0]), "run 1")

    return land_and_check


def test_every_row_of_the_package_is_delivered_on_one_of_364_days(grocer):
    assert sum(file.rows for file in grocer[1]) == 1_469_307
    assert sum(file.place is not None for file in grocer[1]) == 364


def test_christmas_is_the_only_day_without_a_file(grocer):
    without = [file for file in grocer[1] if file.place is None]
    assert without == [source.Dropped(place=None, rows=0, day=CHRISTMAS)]


def test_the_whole_year_passes_as_one_range(judge):
    result = judge(GROCERIES.days)
    assert (result.verdict, result.failed, result.rows) == ("pass", (), 1_469_307)


def test_no_expectation_allows_failing_rows(spec):
    assert {getattr(promise, "mostly", 1.0) for promise in spec.contract.all_expectations()} == {1.0}
    assert "day" in spec.primary_key


def test_row_counts_are_well_within_their_bounds(grocer, spec):
    (promised,) = (promise for promise in spec.expectations if isinstance(promise, RowCount))
    counts = [file.rows for file in grocer[1] if file.place]
    assert 1.5 * promised.low < min(counts)
    assert max(counts) < promised.high / 1.5


@pytest.mark.parametrize("what", ["fewest rows", "most rows", "Christmas", "summer time begins", "and ends"])
def test_an_unusual_day_passes_by_itself(judge, grocer, what):
    by_rows = sorted((file.rows, file.day) for file in grocer[1] if file.place)
    day = {
        "fewest rows": by_rows[0][1],
        "most rows": by_rows[-1][1],
        "Christmas": CHRISTMAS,
        "summer time begins": date(2017, 3, 12),
        "and ends": date(2017, 11, 5),
    }[what]
    assert judge(Days.one(day)).verdict == "pass"


@pytest.mark.parametrize("fault", [source.append_rerun, source.cut_upload])
def test_a_broken_delivery_fails(here, spec, fault):
    source.drop("transactions", [date(2017, 3, 13)], here.landing, fault=fault)
    assert check(spec.contract, land(spec, Days.one("2017-03-13"), here), "run 1").verdict == "fail"


def test_a_household_that_does_not_pass_is_counted_and_not_named(grocer, here, catalog):
    table = catalog.dataset("demographics")
    delivered = (Path(grocer[0].landing) / table.delivery.path).read_bytes()
    place = Path(here.landing) / table.delivery.path
    place.parent.mkdir(parents=True)
    place.write_bytes(delivered.replace(b"65+", b"650"))
    (broken,) = check(table.contract, land(table, Days.one("2017-01-01"), here), "run 1").failed
    assert (broken.columns, broken.failing_rows) == (("age",), 72)
    assert {key["household_id"] for key in broken.failing_keys} == {"***"}
    assert "650" not in broken.observed


@pytest.mark.parametrize("dataset", GROCERIES.reference)
def test_a_reference_table_passes(grocer, catalog, dataset):
    table = catalog.dataset(dataset)
    batch = land(table, Days.one("2017-01-01"), grocer[0])
    assert check(table.contract, batch, "run 1").verdict == "pass"
