"""The stock example through the crash of March 2020: its gate, features, labels, a few nights, and the notebook."""

from __future__ import annotations

import runpy
from datetime import date, timedelta

import pandas as pd
import pytest

from contender.backtesting import Backtest, History, build_history, run_backtest
from contender.gating import check
from contender.ingesting import land
from contender.installation import Installation
from contender.settings import PROJECT, Settings, settings
from contender.specs import Days
from demo import source
from tests.integration.contents import digest_contents

DELIVERED = Days(first=date(2019, 9, 2), last=date(2020, 3, 20))
NIGHTS = Days(first=date(2020, 3, 6), last=date(2020, 3, 9))  # Friday to Monday
DAY, TICKER = date(2020, 2, 28), "XOM"


@pytest.fixture(scope="module")
def installation(catalog, tmp_path_factory) -> Installation:
    """An installation whose lake has half a year of prices."""
    here = Settings(home=tmp_path_factory.mktemp("stocks") / "home", engine="duckdb")
    source.drop("stock_prices", DELIVERED.each(), here.landing)
    opened, spec = Installation(here, catalog), catalog.dataset("stock_prices")
    opened.lake.publish(spec.contract, land(spec, DELIVERED, here))
    return opened


@pytest.fixture(scope="module")
def model(catalog):
    shipped = catalog.model("stock_volatility")
    trees = shipped.recipes[0].model_copy(update={"window_days": 60})
    return shipped.model_copy(update={"recipes": (trees,)})


@pytest.fixture(scope="module")
def history(installation, model) -> History:
    return build_history(installation, model, NIGHTS)


@pytest.fixture(scope="module")
def backtest(catalog, model, history) -> Backtest:
    return run_backtest(catalog, model, history, NIGHTS, ["ours"])


@pytest.fixture(scope="module")
def changes(installation, catalog) -> pd.DataFrame:
    """The size of each change of each price, in percent, by day and ticker."""
    rows = installation.lake.read(catalog.dataset("stock_prices").contract).to_pandas()
    return rows.pivot(index="day", columns="ticker", values="close").pct_change(fill_method=None).abs() * 100


def of_the_days(changes: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Return the changes from one number of days after DAY to another."""
    return changes.loc[DAY + timedelta(days=first) : DAY + timedelta(days=last)]


def row(history: History) -> pd.Series:
    rows = history.between(Days.one(DAY))
    return rows.set_index("ticker").loc[TICKER]


def test_the_gate_passes_the_crash(installation, catalog):
    spec = catalog.dataset("stock_prices")
    week = Days(first=date(2020, 3, 9), last=date(2020, 3, 13))
    assert check(spec.contract, land(spec, week, installation.settings), "run 1").verdict == "pass"


def test_a_weekend_needs_no_file_and_has_no_rows(installation, catalog, history):
    saturday = Days.one(date(2020, 3, 7))
    assert land(catalog.dataset("stock_prices"), saturday, installation.settings).rows == 0
    assert history.between(saturday).empty


def test_moves_are_means_of_the_days_up_to_the_row(history, changes):
    found = row(history)
    for span in (1, 7, 28, 91):
        expected = of_the_days(changes, 1 - span, 0)[TICKER].mean()
        assert found[f"move_{span}"] == pytest.approx(expected, abs=1e-4)
    assert found["largest_28"] == pytest.approx(of_the_days(changes, -27, 0)[TICKER].max(), abs=1e-4)
    assert found["market_28"] == pytest.approx(of_the_days(changes, -27, 0).to_numpy().mean(), abs=1e-4)


def test_the_label_is_the_mean_of_the_week_after(history, changes):
    assert row(history)["label"] == pytest.approx(of_the_days(changes, 1, 7)[TICKER].mean(), abs=1e-4)


def test_nights_of_a_weekend_decide_and_have_no_rows_to_score(backtest):
    assert backtest.failed == ()
    assert [decision.night for decision in backtest.results[0].decisions] == list(NIGHTS.each())
    assert [(day.day, day.rows) for day in backtest.baseline] == [(NIGHTS.first, 20), (NIGHTS.last, 20)]


def test_the_notebook_submits_a_challenger_and_changes_nothing(installation, catalog, monkeypatch, tmp_path):
    monkeypatch.setenv("CONTENDER_HOME", str(installation.settings.home))
    monkeypatch.setenv("CONTENDER_ENGINE", "duckdb")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings.cache_clear()
    before = digest_contents(installation.settings)
    names = runpy.run_path(str(PROJECT / "notebooks" / "a_data_scientists_day.py"))
    settings.cache_clear()
    assert digest_contents(installation.settings) == before
    submitted = names["submitted"].model("stock_volatility")
    assert [recipe.name for recipe in submitted.recipes] == ["boosted_trees", "linear", "median"]
    assert names["catalog_home"] != catalog.home
    assert names["backtest"].failed == ()
    assert names["difference"].days == 6
