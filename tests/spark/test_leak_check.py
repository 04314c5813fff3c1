"""`contender check --leaks` finds a feature that uses later days, in tables of any source, and names its origin."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pyarrow as pa
import pytest

from contender.featurizing import BuildError, find_leaks
from contender.featurizing.poison import poison_rows
from contender.installation import Installation
from contender.lake.schema import arrow_schema
from contender.settings import PROJECT, settings
from contender.specs import Days, load_catalog
from tests.command import run_command

BEFORE, UP_TO = "total(name, 1) - total(name, span + 1)", "total(name, 0) - total(name, span + 1)"
EVE, SAME_DAY = 'F.date_add(F.col("day"), 1)', 'F.date_add(F.col("day"), 0)'


@pytest.fixture
def place(world, tmp_path):
    """The session's lake with a copy of the catalog in which a text of flight_delay's features is replaced."""

    def edit(was: str = "", now: str = "") -> Installation:
        home = tmp_path / "catalog"
        shutil.copytree(PROJECT / "include" / "catalog", home)
        features = home / "models" / "flight_delay" / "features.py"
        assert was in features.read_text()
        features.write_text(features.read_text().replace(was, now) if was else features.read_text())
        return Installation(world[0].model_copy(update={"catalog_home": home}), load_catalog(home))

    return edit


def test_the_features_of_every_model_do_not_leak(world, catalog, model, nights):
    checked = find_leaks(Installation(world[0], catalog), model, nights.first)
    assert checked.nights == Days(first=nights.first, last=nights.last)
    assert checked.leaks == ()


def test_a_count_up_to_the_scored_day_itself_is_a_leak_from_that_day_of_the_source(place):
    here = place(BEFORE, UP_TO)
    model = here.catalog.model("flight_delay")
    night = Days.one("2013-11-03").first  # a single later night, since each build takes a while
    found = find_leaks(here, model, night).leaks
    assert {leak.column for leak in found} >= {"carrier_late", "origin_late", "dest_late", "flight_late"}
    assert {(leak.source, leak.days) for leak in found} == {("departures", (night + timedelta(days=1),))}
    assert str(found[0]).startswith(
        f"models/flight_delay/features.py: `{found[0].column}` of features of 2013-11-04"
    )


def test_a_night_without_later_days_cannot_be_checked(place, nights):
    here = place()
    with pytest.raises(BuildError, match="no input has a day that night 2013-11-04 cannot know"):
        find_leaks(here, here.catalog.model("flight_delay"), Days.one("2013-11-04").first)


def test_the_command_ends_with_1_and_one_line_per_leaking_feature(place, monkeypatch):
    here = place(EVE, SAME_DAY)
    monkeypatch.setenv("CONTENDER_HOME", str(here.settings.home))
    monkeypatch.setenv("CONTENDER_CATALOG_HOME", str(here.settings.catalog_home))
    settings.cache_clear()
    done = run_command("check", "--no-engines", "--leaks", "flight_delay", "--night", "2013-11-03")
    settings.cache_clear()
    assert done.code == 1
    assert "`wind` of features of 2013-11-04 changes with weather of 2013-11-04" in done.err


def test_every_value_of_a_changed_row_differs(catalog):
    contract = catalog.dataset("departures").contract
    day = Days.one("2013-11-01").first
    values = {"date": day, "timestamp": None, "integer": 2**62, "number": None, "boolean": None}
    row = {c.name: values.get(c.type) for c in contract.columns}
    rows = [{**row, **{c.name: str(n) for c in contract.columns if c.type == "string"}} for n in range(3)]
    table = pa.Table.from_pylist(rows, schema=arrow_schema(contract))
    changed = poison_rows(table, contract)
    assert changed.num_rows == 2
    for column in contract.columns:
        if column.type in ("integer", "number", "string") and column.name not in contract.primary_key:
            assert changed[column.name][0] != table[column.name][0], column.name
