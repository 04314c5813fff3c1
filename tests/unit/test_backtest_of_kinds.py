"""A backtest fits, evaluates, pairs and serves a model of classes, and one of quantiles, like any other."""

from __future__ import annotations

from datetime import date

import pytest

from contender.backtesting import Backtest, run_backtest
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


FIRST_ROWS = date(2013, 2, 14)
UNFIT = """
def build_estimator(parameters, seed):
    raise RuntimeError("this recipe needs another library\\nand says so at length")
"""


@pytest.fixture(scope="module")
def hindered(catalog, tmp_path_factory) -> Backtest:
    """Nights of which the first have no rows to fit on, with a recipe that never fits."""
    model = specify_classes(catalog.model("flight_delay"))
    ours = write_catalog(tmp_path_factory.mktemp("hindered"), model)
    (ours.model_home(model.name) / "shares.py").write_text(UNFIT)
    rows = make_rows(model, Days(first=FIRST_ROWS, last=DAYS.last))
    return run_backtest(ours, model, cut(model, rows, DAYS), NIGHTS, ("ours",))


def test_a_night_in_which_no_recipe_fits_decides_nothing_and_the_next_one_goes_on(hindered):
    decided = [decision.night for decision in hindered.results[0].decisions]
    assert decided == [date(2013, 2, 21), date(2013, 2, 22), date(2013, 2, 23)]
    lines = [line for line in hindered.failed if line.startswith("2013-02-20: recipe 'trees'")]
    assert len(lines) == 1
    assert "there are no labelled rows from 2013-01-05 to 2013-02-13" in lines[0]


def test_a_recipe_that_raises_is_noted_in_one_line_and_the_other_one_is_fitted(hindered):
    assert {version.recipe for version in hindered.versions} == {"trees"}
    assert any(
        line
        == "2013-02-23: recipe 'shares' could not be fitted: flight_status: recipe 'shares' cannot be fitted on "
        "2013-01-08..2013-02-16: RuntimeError: this recipe needs another library"
        for line in hindered.failed
    )
