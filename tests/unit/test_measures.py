"""Measures of probabilities against outcomes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from contender.measures import calibration_error, measure

forecasts = st.integers(1, 200).flatmap(
    lambda rows: st.tuples(
        hnp.arrays(np.int64, rows, elements=st.integers(0, 1)),
        hnp.arrays(np.float64, rows, elements=st.floats(0, 1)),
    )
)


def test_a_certain_and_right_forecast_has_no_error():
    outcomes = np.array([0, 1, 1, 0])
    perfect = measure(outcomes, outcomes.astype(float))
    assert (perfect.auc, perfect.brier, perfect.calibration_error) == (1.0, 0.0, 0.0)


def test_the_rate_alone_is_calibrated_and_tells_nothing_apart():
    outcomes = np.tile([0, 0, 0, 1], 100)
    usual = measure(outcomes, np.full(400, 0.25))
    assert usual.auc == 0.5
    assert usual.brier == pytest.approx(0.1875)
    assert usual.calibration_error == pytest.approx(0.0, abs=1e-12)


def test_one_outcome_alone_has_no_auc():
    assert measure(np.array([0, 0]), np.array([0.1, 0.2])).auc is None


@given(forecasts)
def test_errors_lie_between_zero_and_one(forecast):
    measured = measure(*forecast)
    assert 0 <= measured.brier <= 1
    assert 0 <= measured.calibration_error <= 1


@given(forecasts, st.randoms(use_true_random=False))
def test_brier_does_not_depend_on_the_order_of_rows(forecast, random):
    outcomes, probabilities = forecast
    order = list(range(len(outcomes)))
    random.shuffle(order)
    assert measure(outcomes[order], probabilities[order]).brier == pytest.approx(
        measure(outcomes, probabilities).brier
    )


def test_calibration_error_finds_a_forecast_that_is_too_high():
    outcomes = np.tile([0, 0, 0, 1], 100)
    assert calibration_error(outcomes, np.full(400, 0.45)) == pytest.approx(0.2)
