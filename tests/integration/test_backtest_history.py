"""A backtest builds missing features from the datasets, with the same rows, and does not change the lake."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from contender.backtesting import BacktestError, build_history, read_history, run_backtest
from contender.featurizing import collect, plan_features, run_in_process
from contender.ingesting import land
from contender.installation import Installation
from contender.lake import Lake, open_lake
from contender.settings import Settings
from contender.specs import BASELINE, Days, Recovery
from contender.training import training_days
from demo import source
from tests.integration.contents import digest_contents

BEGAN = date(2013, 1, 1)
NIGHTS = Days(first=date(2013, 2, 20), last=date(2013, 2, 22))


@pytest.fixture(scope="module")
def flights(tmp_path_factory, catalog) -> tuple[Settings, Lake]:
    """A lake with eight weeks of real flights, weather and timetable, and no features."""
    here = Settings(home=tmp_path_factory.mktemp("flights") / "home", engine="duckdb")
    lake, own = open_lake(here), source.flights.SOURCE
    source.drop_reference(here.landing, [own])
    for name in own.daily:
        source.drop(name, Days(first=BEGAN, last=NIGHTS.last + timedelta(days=1)).each(), here.landing)
    for given in catalog.model("flight_delay").inputs:
        spec = catalog.dataset(given.name)
        last = NIGHTS.last + timedelta(days=spec.delivery.lead_days)
        lake.publish(spec.contract, land(spec, Days(first=BEGAN, last=last), here))
    return here, lake


@pytest.mark.parametrize("batches", ["in a folder", "on S3"])
def test_a_backtest_changes_nothing_in_the_installation(flights, catalog, batches, request):
    here, _ = flights
    if batches == "on S3":
        here = here.model_copy(update={"batches": request.getfixturevalue("on_s3").batches})
    installation = Installation(here, catalog)
    model = catalog.model("flight_delay")
    before = digest_contents(here)
    assert not installation.lake.days(model.feature_contract.table)  # so that features are built
    history = build_history(installation, model, NIGHTS)
    run_backtest(catalog, model, history, NIGHTS, ["ours"])
    assert digest_contents(here) == before


def test_the_history_begins_with_the_longest_window_of_a_recipe_or_strategy(flights, catalog):
    here, _ = flights
    shipped = catalog.model("flight_delay")
    recent = shipped.recipes[0].model_copy(update={"window_days": 7})
    changes = {"recipes": (recent,), "recovery": Recovery(baseline_days=21)}
    model = shipped.model_copy(update=changes)
    history = build_history(Installation(here, catalog), model, NIGHTS)
    assert history.first == training_days(model, model.recipe(BASELINE), NIGHTS.first).first


def test_built_rows_equal_those_that_the_feature_dag_publishes(flights, catalog):
    here, lake = flights
    model = catalog.model("flight_delay")
    with pytest.raises(BacktestError, match="load history"):
        read_history(model, NIGHTS, lake)
    told: list[str] = []
    apart = build_history(Installation(here, catalog), model, NIGHTS, told.append)
    assert "in a temporary folder" in told[0]
    assert not lake.days(model.feature_contract.table)

    plan = plan_features(catalog, model, Days(first=BEGAN + timedelta(days=27), last=NIGHTS.last), lake, here)
    run_in_process(plan)
    for name, batch in collect(model, plan, here).items():
        lake.publish(model.feature_contract if name == "features" else model.label_contract, batch)
    held = read_history(model, NIGHTS, lake)
    keys = [column.name for column in model.keys]
    pd.testing.assert_frame_equal(
        *(each.rows.sort_values(["day", *keys], ignore_index=True) for each in (apart, held)), check_like=True
    )
