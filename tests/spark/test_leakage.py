"""No future data leaks into features or labels: changing all rows unknown to a night leaves its rows bit-identical."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest

from contender.lake import open_lake, stage
from contender.settings import Settings
from contender.specs import Days

POISON = {"number": 999.0, "integer": 999, "string": "ZZZ", "boolean": True}


@pytest.fixture(scope="module")
def night(nights) -> Days:
    return Days.one(nights.first + timedelta(days=1))


@pytest.fixture(scope="module")
def daily_inputs(catalog, model):
    return [source for source in catalog.sources(model) if source.contract.daily]


@pytest.fixture(scope="module")
def poisoned(world, catalog, model, tmp_path_factory):
    """Copy the session's lake, with other values in the rows that `where` selects from a source's days."""

    def copy(where):
        _, lake = world
        home = Settings(home=tmp_path_factory.mktemp("poisoned") / "home")
        other = open_lake(home)
        for source in catalog.sources(model):
            rows = lake.read(source.contract).to_pandas()
            days = Days.one("2000-01-01")
            if source.contract.daily:
                days = Days(first=rows["day"].min(), last=rows["day"].max())
                rows = poison(rows, where(source, rows["day"]), source.contract)
            table = pa.Table.from_pandas(rows, preserve_index=False)
            other.publish(source.contract, stage(table, source.contract, days, home.staging))
        return other

    return copy


@pytest.fixture(scope="module")
def poisoned_later(poisoned, night):
    """The session's lake with other values in all rows that the night cannot know."""
    return poisoned(unknown_in(night))


def poison(rows: pd.DataFrame, where: pd.Series, contract) -> pd.DataFrame:
    rows = rows.copy()
    for column in contract.columns:
        if column.name not in ("day", *contract.primary_key) and column.type in POISON:
            rows.loc[where, column.name] = POISON[column.type]
    return rows


def unknown_in(night: Days):
    """Select all days of a source after the newest day that the night can know."""
    return lambda source, days: days > night.last + timedelta(days=source.lead_days)


def test_every_daily_input_is_changed_beyond_the_known_days(world, poisoned_later, daily_inputs, night):
    unknown = unknown_in(night)
    for source in daily_inputs:
        clean, changed = (lake.read(source.contract).to_pandas() for lake in (world[1], poisoned_later))
        beyond = unknown(source, clean["day"])
        assert beyond.any()
        assert clean[~beyond].equals(changed[~beyond])
        assert (clean[beyond].fillna(0) != changed[beyond].fillna(0)).any(axis=1).all()


def test_a_nights_rows_do_not_depend_on_later_data(build, poisoned_later, model, night):
    clean = build(model, "duckdb", night)
    after = build(model, "duckdb", night, poisoned_later)
    for table in ("features", "labels"):
        pd.testing.assert_frame_equal(clean[table], after[table], check_exact=True)


def test_the_rows_of_a_night_in_a_range_do_not_depend_on_later_data(build, poisoned_later, model, night):
    nights = Days(first=night.first, last=night.first + timedelta(days=2))
    clean = build(model, "duckdb", nights)
    after = build(model, "duckdb", nights, poisoned_later)
    for table, days in (("features", model.scored_days(night)), ("labels", model.matured_days(night))):
        of_the_first = [
            built[table][built[table]["day"] == days.first].reset_index(drop=True) for built in (clean, after)
        ]
        assert len(of_the_first[0]) > 0
        pd.testing.assert_frame_equal(*of_the_first, check_exact=True)


def test_features_depend_on_the_newest_known_day_of_each_input(build, poisoned, model, daily_inputs, night):
    clean = build(model, "duckdb", night)["features"]
    for changed in daily_inputs:
        newest = night.last + timedelta(days=changed.lead_days)
        other = poisoned(lambda source, days: (days == newest) & (source.name == changed.name))  # noqa: B023
        assert not clean.equals(build(model, "duckdb", night, other)["features"]), changed.name
