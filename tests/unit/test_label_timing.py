"""The evaluated days cannot be known from the training data, however late labels mature."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.evaluating import judged_days
from contender.specs import Days
from contender.training.fit import training_days

NIGHT = date(2017, 6, 30)

horizons, maturities = st.integers(0, 5), st.integers(0, 30)


@pytest.fixture(scope="module")
def timed(catalog):
    flights = catalog.model("flight_delay")

    def model(horizon: int, maturity: int):
        return flights.model_copy(update={"horizon_days": horizon, "label_maturity_days": maturity})

    return model


@given(horizons, maturities)
def test_training_labels_were_known_when_the_first_evaluated_day_was_scored(timed, horizon, maturity):
    model = timed(horizon, maturity)
    scored_in = judged_days(model, NIGHT).first - timedelta(days=horizon)
    known_in = training_days(model, model.recipes[0], NIGHT).last + timedelta(days=maturity)
    # With labels known on the night of the scoring itself, the day before is the nearest that is not judged.
    assert known_in <= scored_in
    assert training_days(model, model.recipes[0], NIGHT).last < judged_days(model, NIGHT).first


@given(horizons, maturities)
def test_every_day_that_may_be_trained_on_is(timed, horizon, maturity):
    model = timed(horizon, maturity)
    scored_in = judged_days(model, NIGHT).first - timedelta(days=horizon)
    next_day = training_days(model, model.recipes[0], NIGHT).last + timedelta(days=1)
    assert next_day + timedelta(days=maturity) > scored_in or next_day == judged_days(model, NIGHT).first


@given(horizons, maturities)
def test_the_evaluated_days_are_the_newest_with_known_labels(timed, horizon, maturity):
    assert judged_days(timed(horizon, maturity), NIGHT).last == NIGHT - timedelta(days=maturity)


def test_labels_known_at_once_leave_no_gap(catalog):
    model, night = catalog.model("flight_delay"), date(2013, 8, 31)
    assert training_days(model, model.recipes[0], night) == Days(
        first=date(2012, 8, 25), last=date(2013, 8, 24)
    )
    assert judged_days(model, night) == Days(first=date(2013, 8, 25), last=night)


def test_labels_that_mature_after_a_week_leave_a_week(catalog):
    model = catalog.model("household_return")
    assert training_days(model, model.recipes[0], NIGHT).last == date(2017, 6, 10)
    assert judged_days(model, NIGHT) == Days(first=date(2017, 6, 17), last=date(2017, 6, 23))
