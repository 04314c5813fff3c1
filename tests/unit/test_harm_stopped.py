"""The benchmark of the guards on a small scale with fixed seeds: corruptions are blocked, healthy refreshes pass."""

from __future__ import annotations

from datetime import date

import pytest

from benchmarks.promotion import harm_page
from benchmarks.promotion.ages import mean_served_loss, measure_ages
from benchmarks.promotion.harm import ANY, HEALTHY, HELD, count_harm, count_held, try_poisons, try_refreshes
from benchmarks.promotion.page import read_results
from benchmarks.promotion.poisons import POISONS
from contender.backtesting import Fits, run_backtest_on
from contender.backtesting.history import cut
from contender.specs import Days, Recipe
from tests.integration.made_up import copy_catalog, make_flights

DAYS = Days(first=date(2013, 1, 1), last=date(2013, 3, 10))
NIGHTS = Days(first=date(2013, 2, 1), last=date(2013, 2, 24))
SMALL = Recipe(
    name="boosted_trees",
    window_days=365,
    parameters={"max_iter": 10, "learning_rate": 0.2, "max_leaf_nodes": 4, "min_samples_leaf": 20},
)


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Four weekly refreshes on made-up flights."""
    catalog = copy_catalog(tmp_path_factory.mktemp("made_up") / "catalog")
    model = catalog.model("flight_delay").model_copy(update={"recipes": (SMALL,)})
    history = cut(model, make_flights(model, DAYS, 120), DAYS)
    fits = Fits(catalog, model, history)
    return fits, run_backtest_on(fits, NIGHTS, ["ours"], "weekly").results[0].decisions


@pytest.fixture(scope="module")
def tried(series):
    """The healthy refreshes from the third week on, and all corruptions in the third week."""
    fits, decisions = series
    healthy = try_refreshes(fits, decisions, HEALTHY, remembered=2)
    return [*healthy, *try_poisons(fits, decisions, decisions[2:3])]


@pytest.mark.parametrize("poison", POISONS)
def test_no_corrupted_refresh_is_promoted(tried, poison):
    spoke = [one.spoke for one in tried if one.poison == poison]
    assert len(spoke) == 1
    assert all(spoke)


def test_healthy_refreshes_are_promoted(tried):
    assert [one.spoke for one in tried if one.poison == HEALTHY] == [()] * 2


def test_after_a_blocked_refresh_the_champion_keeps_serving(tried):
    rows = {row.rule: row for row in count_harm("made up", tried) if row.effect == ANY}
    worst = max((one for one in tried if one.poison != HEALTHY), key=lambda one: one.extra)
    assert rows["no guards"].served_loss == pytest.approx(worst.loss, abs=1e-5)
    assert rows["guards"].served_loss == pytest.approx(worst.champion_loss, abs=1e-5)
    assert (rows["no guards"].share_promoted, rows["guards"].share_promoted) == (1.0, 0.0)


def test_a_held_refresh_is_compared_with_the_champion_that_served_instead(tried):
    healthy = next(one for one in tried if one.poison == HEALTHY)
    held = healthy.model_copy(update={"loss": 0.21, "champion_loss": 0.2, "spoke": ("shift",)})
    (row,) = count_held("made up", [healthy, held])
    assert (row.rule, row.runs, row.promotions) == (HELD, 2, 1)
    assert row.effect == pytest.approx(0.05)


def test_older_refreshes_are_compared_in_the_same_weeks(series):
    fits, decisions = series
    (row,) = measure_ages(fits, decisions, ages=(2,), apart=1)
    losses = [
        [mean_served_loss(fits, decisions[nth - age].challenger, decisions[nth].night) for nth in (2, 3)]
        for age in (2, 0)
    ]
    extra = [older / newer - 1 for older, newer in zip(*losses, strict=True)]
    assert row.nights == 2
    assert row.effect == pytest.approx(sum(extra) / 2, abs=1e-5)
    assert row.ci_low < row.effect < row.ci_high


def test_the_tables_of_the_guards_page_match_the_results():
    page = harm_page.PAGE.read_text()
    assert harm_page.put_all(page, read_results()) == page


def test_the_plots_of_the_guards_page_match_the_results():
    for name, plot in harm_page.draw_harm(read_results()).items():
        assert (harm_page.PAGE.parent / name).read_text() == plot + "\n"
