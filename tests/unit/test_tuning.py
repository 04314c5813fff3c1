"""The search of a recipe's parameters: what is searched, what is found, and what is proposed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from contender.backtesting import cut
from contender.feasibility import Estimate, Subject
from contender.feasibility.folds import plan_folds
from contender.measures import choose_loss
from contender.records import Interval
from contender.settings import PROJECT
from contender.specs import Days, Recipe, load_catalog
from contender.training import Functions
from contender.tuning import (
    Budget,
    Choice,
    Range,
    SpaceError,
    Trial,
    Tuned,
    TuningError,
    default_space,
    judge,
    read_space,
    tune,
)
from contender.tuning.space import change
from tests.integration.made_up import make_flights

CATALOG = load_catalog(PROJECT / "include" / "catalog")
SHIPPED = CATALOG.model("flight_delay")
SEEN = ("carrier_late", "dep_hour", "wind")
RECIPE = Recipe(name="linear", window_days=60, features=SEEN, parameters={"C": 1e-5, "fails": False})
MODEL = SHIPPED.model_copy(update={"recipes": (RECIPE,), "baseline_features": ("dep_hour",)})
DAYS = Days(first=date(2013, 1, 1), last=date(2013, 4, 30))
STRENGTH = {"C": Range(low=1e-5, high=10, whole=False)}


def build_estimator(parameters, _):
    if parameters["fails"]:
        raise ValueError("no such solver")
    return make_pipeline(StandardScaler(), LogisticRegression(C=parameters["C"]))


@pytest.fixture(scope="module")
def flights():
    """Rows whose label depends on one feature."""
    rows = make_flights(MODEL, DAYS, 60)
    chance = np.random.default_rng(3).random(len(rows))
    late = rows["carrier_late"]
    return rows.assign(label=(chance < 1 / (1 + np.exp(-3 * (late - late.mean()) / late.std()))).astype(int))


def subject(rows, recipe=RECIPE):
    functions = Functions(build_estimator, lambda _: make_pipeline(DummyClassifier(strategy="prior")))
    folds, loss = plan_folds(MODEL, sorted(set(rows["day"]))), choose_loss(MODEL, PROJECT)
    return Subject(MODEL, recipe, functions, loss, cut(MODEL, rows, DAYS), folds, 0)


def test_a_recipe_that_is_regularised_too_much_is_found_and_confirmed_on_days_that_were_not_searched(flights):
    found = judge(tune(subject(flights), STRENGTH, Budget(12, 5)))
    assert found.recipe is not None
    assert found.recipe.name == "linear_tuned"
    assert found.recipe.parameters["C"] > 1e-2
    assert found.search.held.interval.high < 0
    assert found.reason.endswith("it is lower")


def test_the_newest_block_decides_no_trial(flights):
    """With other labels in the newest block, the same trials have the same losses."""
    found = tune(subject(flights), STRENGTH, Budget(4, 5))
    newest = flights["day"].between(found.confirmed.first, found.confirmed.last)
    other = tune(
        subject(flights.assign(label=flights["label"].where(~newest, 1 - flights["label"]))),
        STRENGTH,
        Budget(4, 5),
    )
    assert other.trials == found.trials
    assert other.held != found.held


def test_a_trial_that_cannot_be_fitted_is_recorded_and_the_search_goes_on(flights):
    found = tune(subject(flights), {"fails": Choice(values=(True, False))}, Budget(6, 5))
    assert {trial.state for trial in found.trials} >= {"failed", "measured"}
    assert all("no such solver" in trial.failure for trial in found.trials if trial.state == "failed")


def test_a_recipe_that_cannot_be_fitted_is_not_searched(flights):
    broken = change(RECIPE, {"fails": True})
    with pytest.raises(TuningError, match=r"recipe 'linear' cannot be measured.*no such solver"):
        tune(subject(flights, broken), STRENGTH, Budget(2, 5))


def test_no_trial_begins_after_the_time_is_over(flights):
    assert tune(subject(flights), STRENGTH, Budget(5, 0)).trials == ()


@given(
    value=st.one_of(st.integers(1, 10**6), st.floats(1e-6, 1e6), st.booleans()),
    at=st.floats(0, 1),
)
def test_every_value_of_the_default_space_is_one_that_a_spec_may_contain(value, at):
    recipe = Recipe(name="any", window_days=7, parameters={"number": value})
    (found,) = default_space(recipe).values()
    if isinstance(found, Choice):
        assert found.values == (False, True)
        return
    assert found.low <= value <= found.high
    written = found.clean(found.low + at * (found.high - found.low))
    assert found.low <= written <= found.high
    assert type(written) is type(value)
    assert change(recipe, {"number": written}).parameters == {"number": written}


@pytest.mark.parametrize(
    ("text", "space"),
    [
        ("C=0.01..10", Range(low=0.01, high=10, whole=False)),
        ("C=1..100", Range(low=1, high=100, whole=True)),
        ("window_days=28..365", Range(low=28, high=365, whole=True)),
        ("half_life_days=7.5..90", Range(low=7.5, high=90, whole=False)),
        ("fails=true,false", Choice(values=(True, False))),
        ("C=1,0.5,none", Choice(values=(1, 0.5, "none"))),
    ],
)
def test_a_space_is_read_from_the_command_line(text, space):
    (found,) = read_space(RECIPE, [text]).values()
    assert found == space


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C", "give NAME=LOW..HIGH"),
        ("depth=1..9", "has no parameter 'depth': give one of C, fails, window_days, half_life_days"),
        ("C=low..high", "give two numbers"),
        ("C=3..1", "the first number must be lower"),
        ("C=1..inf", "the first number must be lower"),
        ("C=1", "at least two values"),
        ("C=1,1", "at least two values"),
        ("window_days=0..9", "must be positive"),
        ("half_life_days=none,3", "must be positive"),
    ],
)
def test_a_space_that_cannot_be_searched_is_rejected_with_the_remedy(text, message):
    with pytest.raises(SpaceError, match=message) as raised:
        read_space(RECIPE, [text])
    assert repr(text) in str(raised.value)


def test_a_recipe_without_numbers_asks_what_to_search():
    with pytest.raises(SpaceError, match="--vary"):
        default_space(Recipe(name="plain", window_days=7, parameters={"loss": "log_loss", "shift": -1}))


def searched(**update):
    return Tuned(
        model="churn",
        recipe=RECIPE,
        current={"C": 1e-5},
        loss="brier",
        rows=100,
        searched=(DAYS,),
        confirmed=DAYS,
        seconds=1,
        loss_now=0.2,
        trials=(Trial(changes={"C": 1.0}, state="measured", loss=0.1),),
    ).model_copy(update=update)


@pytest.mark.parametrize(
    ("held", "proposed", "reason"),
    [
        (Estimate(value=-0.1, interval=Interval(low=-0.2, high=-0.01)), True, "it is lower"),
        (Estimate(value=-0.1, interval=Interval(low=-0.3, high=0.1)), True, "perhaps by chance"),
        (Estimate(value=-0.1, interval=None), True, "perhaps by chance"),
        (Estimate(value=0.1, interval=Interval(low=-0.1, high=0.3)), False, "it is not lower"),
    ],
)
def test_a_recipe_is_proposed_if_it_does_better_on_the_newest_block(held, proposed, reason):
    found = judge(searched(held=held))
    assert (found.recipe is not None) == proposed
    assert found.reason.endswith(reason)


def test_nothing_is_proposed_if_no_trial_did_better_or_all_failed():
    worse = searched(trials=(Trial(changes={"C": 1.0}, state="measured", loss=0.3),))
    assert judge(worse).reason == "none of 1 trials had a lower loss than the recipe as it is"
    failed = searched(trials=(Trial(changes={"C": 1.0}, state="failed", loss=None, failure="no memory"),))
    assert "no memory" in judge(failed).reason
