"""A backtest fits, evaluates, pairs and serves a model of classes, and one of quantiles, like any other."""

from __future__ import annotations

from datetime import date

import pytest

from contender.backtesting import run_backtest
from contender.backtesting.history import cut
from contender.specs import Days
from tests.made_up_kinds import make_rows, specify_classes, specify_quantiles, write_catalog

DAYS = Days(first=date(2013, 1, 1), last=date(2013, 3, 1))
NIGHTS = Days(first=date(2013, 2, 20), last=date(2013, 2, 23))


@pytest.fixture(scope="module", params=[specify_classes, specify_quantiles])
def backtest(request, catalog, tmp_path_factory):
    model = request.param(catalog.model("flight_delay"))
    ours = write_catalog(tmp_path_factory.mktemp("kind"), model)
    return run_backtest(ours, model, cut(model, make_rows(model, DAYS), DAYS), NIGHTS, ("ours",))


def test_every_recipe_is_fitted_and_the_first_one_refreshed(backtest):
    assert backtest.failed == ()
    kinds = [decision.kind for decision in backtest.results[0].decisions]
    assert kinds == ["first", "refreshed", "refreshed", "refreshed"]


def test_served_predictions_have_a_lower_loss_than_the_baseline(backtest):
    baseline = {day.day: day.loss for day in backtest.baseline}
    served = backtest.results[0].served
    assert len(served) == 3
    assert all(day.loss < baseline[day.day] for day in served)


def test_rivals_are_tested_on_paired_days(backtest):
    (*_, (_, newest)) = backtest.results[0].evidence
    assert newest.days == 3
