"""Losses and measures of predictions against outcomes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import log_loss as scikit_log_loss

from contender.measures import LossError, calibration_error, choose_loss, mean_loss, measure
from contender.specs import Catalog


def rows_of(outcomes, predictions):
    return st.integers(1, 200).flatmap(
        lambda rows: st.tuples(
            hnp.arrays(np.float64, rows, elements=outcomes),
            hnp.arrays(np.float64, rows, elements=predictions),
        )
    )


forecasts = rows_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))
quantities = rows_of(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))


@pytest.fixture(scope="module")
def probability(catalog: Catalog):
    return catalog.model("flight_delay")


@pytest.fixture(scope="module")
def quantity(probability):
    return probability.model_copy(update={"predicts": "quantity", "loss": "absolute"})


@pytest.fixture(scope="module")
def home(catalog):
    return catalog.model_home("flight_delay")


@pytest.fixture(scope="module")
def judge(probability, quantity, home):
    """Measure with a model's loss."""

    def measured(outcomes, predictions, model=probability):
        return measure(model, choose_loss(model, home), np.asarray(outcomes, float), predictions)

    return measured


def test_a_perfect_prediction_has_no_error(judge):
    outcomes = np.array([0, 1, 1, 0])
    perfect = judge(outcomes, outcomes.astype(float))
    assert (perfect.auc, perfect.brier, perfect.calibration_error) == (1.0, 0.0, 0.0)


def test_predicting_the_base_rate_is_calibrated_and_has_auc_one_half(judge):
    usual = judge(np.tile([0, 0, 0, 1], 100), np.full(400, 0.25))
    assert usual.auc == 0.5
    assert usual.brier == pytest.approx(0.1875)
    assert usual.calibration_error == pytest.approx(0.0, abs=1e-12)


def test_auc_is_none_if_only_one_outcome_occurs(judge):
    assert judge([0, 0], np.array([0.1, 0.2])).auc is None


def test_a_quantity_has_errors_and_no_probability_scores(judge, quantity):
    measures = judge([10.0, 20.0], np.array([13.0, 16.0]), quantity)
    assert (measures.loss, measures.mean_absolute_error) == (3.5, 3.5)
    assert measures.root_mean_squared_error == pytest.approx(np.sqrt(12.5))
    assert (measures.auc, measures.brier, measures.log_loss) == (None, None, None)


@given(forecasts)
def test_errors_of_probabilities_lie_between_zero_and_one(judge, forecast):
    measured = judge(*forecast)
    assert 0 <= measured.brier <= 1
    assert 0 <= measured.calibration_error <= 1


@given(forecasts, st.randoms(use_true_random=False))
def test_a_loss_does_not_depend_on_the_order_of_rows(judge, forecast, random):
    outcomes, probabilities = forecast
    order = list(range(len(outcomes)))
    random.shuffle(order)
    assert judge(outcomes[order], probabilities[order]).loss == pytest.approx(
        judge(outcomes, probabilities).loss
    )


@given(quantities, st.floats(0.1, 1000))
def test_the_calibration_error_of_a_quantity_does_not_depend_on_its_unit(judge, quantity, rows, factor):
    outcomes, predictions = rows
    if outcomes.std() < 1e-3:
        return
    error = judge(outcomes, predictions, quantity).calibration_error
    assert judge(outcomes * factor, predictions * factor, quantity).calibration_error == pytest.approx(
        error, rel=1e-6, abs=1e-9
    )


@given(forecasts)
def test_log_loss_equals_that_of_scikit_learn(probability, home, forecast):
    outcomes, probabilities = forecast
    loss = choose_loss(probability.model_copy(update={"loss": "log_loss"}), home)
    assert mean_loss(loss, outcomes, probabilities) == pytest.approx(
        scikit_log_loss(outcomes, probabilities, labels=[0, 1]), rel=1e-9, abs=1e-12
    )


def test_calibration_error_measures_a_prediction_that_is_too_high():
    outcomes = np.tile([0.0, 0, 0, 1], 100)
    assert calibration_error(outcomes, np.full(400, 0.45)) == pytest.approx(0.2)


@pytest.fixture
def costly(probability, tmp_path):
    """The loss of a model whose cost function has this body."""

    def written(body: str):
        (tmp_path / "cost.py").write_text(f"def compute_costs(outcomes, predictions):\n    {body}\n")
        return choose_loss(probability.model_copy(update={"loss": "cost"}), tmp_path)

    return written


def test_a_model_can_have_its_own_cost_function(costly):
    loss = costly("return 10 * outcomes * (predictions < 0.5) + (1 - outcomes) * (predictions >= 0.5)")
    assert mean_loss(loss, np.array([1.0, 0.0]), np.array([0.2, 0.7])) == 5.5


@pytest.mark.parametrize(
    ("body", "returned"),
    [
        ("return outcomes.mean()", r"an array of shape \(\)"),
        ("return outcomes / 0", "2 numbers that are not finite"),
    ],
)
def test_a_cost_function_must_return_a_finite_number_per_row(costly, body, returned):
    with pytest.raises(
        LossError, match=f"flight_delay: cost.py: compute_costs returned {returned} for 2 rows"
    ):
        costly(body)(np.array([1.0, 1.0]), np.array([0.2, 0.7]))
