"""Nothing from the scored day or after reaches a feature: poison all of it, and the features stay bit-identical."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest

from contender.lake import open_lake, stage
from contender.settings import Settings
from contender.specs import Days


@pytest.fixture(scope="module")
def night(request) -> Days:
    return Days.one("2013-10-31")


@pytest.fixture(scope="module")
def poisoned_lake(world, catalog, night, tmp_path_factory):
    """The same lake, but every outcome from the scored day on is turned over, and so is its weather."""
    _, lake = world
    other = Settings(home=tmp_path_factory.mktemp("poisoned") / "home")
    poisoned = open_lake(other)
    scored = night.first + timedelta(days=1)
    for name, spec in catalog.datasets.items():
        rows = lake.read(spec.contract).to_pandas()
        if spec.contract.daily:
            # The timetable of the scored day is what is known; beyond it nothing is.
            from_day = scored + timedelta(days=1) if name == "schedule" else scored
            rows = poison(rows, rows["day"] >= from_day)
            days = Days(first=rows["day"].min(), last=rows["day"].max())
        else:
            days = night
        table = pa.Table.from_pandas(rows, preserve_index=False)
        poisoned.publish(spec.contract, stage(table, spec.contract, days, other.staging))
    return poisoned


def poison(rows: pd.DataFrame, where: pd.Series) -> pd.DataFrame:
    rows = rows.copy()
    for column in rows.columns:
        if pd.api.types.is_float_dtype(rows[column]):
            rows.loc[where, column] = 999.0
        elif column in ("tailnum", "dest"):
            rows.loc[where, column] = "ZZZ"
    return rows


def test_the_poison_reaches_what_it_should(poisoned_lake, catalog, night):
    outcomes = poisoned_lake.read(catalog.dataset("departures").contract, night.shifted(1)).to_pandas()
    assert (outcomes["arr_delay"] == 999).all()


def test_features_of_a_night_do_not_change_with_what_comes_after_it(build, poisoned_lake, night):
    clean = build("flight_delay", "duckdb", night)["features"]
    poisoned = build("flight_delay", "duckdb", night, poisoned_lake)["features"]
    pd.testing.assert_frame_equal(clean, poisoned, check_exact=True)


def test_features_of_a_range_do_not_change_with_what_comes_after_each_night(build, poisoned_lake, night):
    nights = Days(first=night.first, last=night.first + timedelta(days=2))
    scored = night.first + timedelta(days=1)
    clean = build("flight_delay", "duckdb", nights)["features"]
    poisoned = build("flight_delay", "duckdb", nights, poisoned_lake)["features"]
    of_the_first = [table[table["day"] == scored].reset_index(drop=True) for table in (clean, poisoned)]
    pd.testing.assert_frame_equal(*of_the_first, check_exact=True)


def test_features_do_change_with_what_came_before(build, world, catalog, night, tmp_path):
    _, lake = world
    other = Settings(home=tmp_path / "home")
    changed = open_lake(other)
    for name, spec in catalog.datasets.items():
        rows = lake.read(spec.contract).to_pandas()
        days = Days(first=rows["day"].min(), last=rows["day"].max()) if spec.contract.daily else night
        if name == "departures":
            rows = poison(rows, rows["day"] == night.first)
        table = pa.Table.from_pandas(rows, preserve_index=False)
        changed.publish(spec.contract, stage(table, spec.contract, days, other.staging))
    clean = build("flight_delay", "duckdb", night)["features"]
    assert not clean["origin_late_newest"].equals(
        build("flight_delay", "duckdb", night, changed)["features"]["origin_late_newest"]
    )
