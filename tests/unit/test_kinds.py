"""Predictions of classes and quantiles: their columns, losses, distances and calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError

from contender.measures import LabelError, choose_loss, kind_of, measure, read_scores, split_scores
from contender.specs import ModelSpec

CLASSES = ("early", "on_time", "late")
LEVELS = (0.1, 0.5, 0.9)
probabilities = st.floats(0, 1)


def specify(catalog, **changes) -> ModelSpec:
    fields = catalog.model("flight_delay").model_dump(exclude={"loss", "value"})
    return ModelSpec.model_validate(fields | changes)


@pytest.fixture(scope="module")
def classes(catalog) -> ModelSpec:
    return specify(catalog, predicts="class", classes=CLASSES)


@pytest.fixture(scope="module")
def quantiles(catalog) -> ModelSpec:
    return specify(catalog, predicts="quantity", quantiles=LEVELS)


def loss_of(model: ModelSpec, name: str):
    return kind_of(model).losses[name]


def test_score_columns_depend_on_the_contract_alone(catalog, classes, quantiles):
    assert catalog.model("flight_delay").score_names == ("score",)
    assert classes.score_names == ("score_early", "score_on_time", "score_late")
    assert quantiles.score_names == ("score_q10", "score_q50", "score_q90")
    assert {c.column for c in classes.prediction_contract.expectations} == set(classes.score_names)


def test_the_default_loss_is_that_of_the_kind(classes, quantiles):
    assert (classes.loss, quantiles.loss) == ("log_loss", "pinball")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"predicts": "class"}, "classes: name the classes"),
        ({"predicts": "class", "classes": ("late",)}, "name at least two"),
        ({"predicts": "class", "classes": ("late", "late")}, "'late' is declared twice"),
        ({"classes": CLASSES}, "classes: cannot be used with predicts='probability'"),
        ({"predicts": "class", "classes": CLASSES, "loss": "squared"}, "use one of log_loss, brier, cost"),
        ({"quantiles": LEVELS}, "quantiles: cannot be used with predicts='probability'"),
        ({"predicts": "quantity", "quantiles": (0.9, 0.1)}, "in ascending order"),
        ({"predicts": "quantity", "quantiles": (0.1, 1.0)}, "between 0 and 1"),
        ({"predicts": "quantity", "quantiles": (0.5,)}, "give at least two"),
        ({"predicts": "quantity", "quantiles": LEVELS, "loss": "squared"}, "use one of pinball, cost"),
    ],
)
def test_a_contract_with_other_classes_or_quantiles_is_rejected(catalog, changes, message):
    with pytest.raises(ValidationError, match=message):
        specify(catalog, **changes)


@given(hnp.arrays(np.float64, 20, elements=probabilities), st.integers(0, 2**20 - 1))
def test_losses_and_distances_of_two_classes_equal_those_of_a_probability(catalog, ones, bits):
    probability = catalog.model("flight_delay")
    two = specify(catalog, predicts="class", classes=("no", "yes"))
    outcomes = np.array([float(bits >> n & 1) for n in range(20)])
    both = np.column_stack([1 - ones, ones])
    for name in ("brier", "log_loss"):
        expected = loss_of(probability, name)(outcomes, ones)
        assert loss_of(two, name)(outcomes, both) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    apart = both - both[::-1]
    assert kind_of(two).distance(apart).absolute == pytest.approx(
        kind_of(probability).distance(apart[:, 1]).absolute, abs=1e-12
    )


distributions = hnp.arrays(np.float64, 3, elements=st.floats(0.01, 1)).map(lambda w: w / w.sum())


@pytest.mark.parametrize("name", ["log_loss", "brier"])
@given(truth=distributions, other=distributions)
def test_the_true_distribution_of_classes_has_the_lowest_expected_loss(classes, name, truth, other):
    def expected(prediction):
        return truth @ loss_of(classes, name)(np.arange(3.0), np.tile(prediction, (3, 1)))

    assert expected(truth) <= expected(other) + 1e-12


def test_an_impossible_class_that_happens_has_a_finite_log_loss(classes):
    loss = loss_of(classes, "log_loss")(np.array([2.0]), np.array([[0.5, 0.5, 0.0]]))
    assert loss == pytest.approx(-np.log(np.finfo(float).eps))


amounts = hnp.arrays(np.float64, 30, elements=st.floats(-1e3, 1e3))


@given(amounts, amounts)
def test_the_pinball_loss_of_the_median_is_half_the_absolute_error(catalog, outcomes, median):
    model = specify(catalog, predicts="quantity", quantiles=(0.5, 0.9))
    never_wrong = np.column_stack([median, outcomes])
    found = 2 * loss_of(model, "pinball")(
        outcomes, never_wrong
    )  # the mean of two levels, one without an error
    assert found == pytest.approx(np.abs(outcomes - median) / 2)


@given(amounts, st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3))
def test_the_true_quantiles_have_the_lowest_pinball_loss(quantiles, outcomes, other):
    def mean(prediction):
        return loss_of(quantiles, "pinball")(outcomes, np.tile(prediction, (30, 1))).mean()

    assert mean(np.quantile(outcomes, LEVELS, method="inverted_cdf")) <= mean(sorted(other)) + 1e-9


@given(st.permutations(list(range(30))))
def test_the_quantiles_of_the_outcomes_are_calibrated_even_with_ties(quantiles, order):
    outcomes = np.array([0.0] * 20 + list(range(1, 11)))[order]
    true = np.tile(np.quantile(outcomes, LEVELS, method="inverted_cdf"), (30, 1))
    assert kind_of(quantiles).calibration_error(outcomes, true) == pytest.approx(0)


def test_quantiles_are_measured_by_coverage_width_and_the_error_of_the_median(quantiles, tmp_path):
    outcomes = np.array([0.0, 5.0, 10.0, 30.0])
    measures = measure(quantiles, choose_loss(quantiles, tmp_path), outcomes, np.tile([0, 6, 20], (4, 1)))
    assert (measures.coverage, measures.interval_width) == (0.75, 20)
    assert measures.mean_absolute_error == (6 + 1 + 4 + 24) / 4
    assert measures.calibration_error == pytest.approx(
        0.15
    )  # a quarter of the outcomes is above the 0.9 quantile
    assert (measures.auc, measures.brier, measures.root_mean_squared_error) == (None, None, None)


def test_classes_are_measured_by_both_losses_accuracy_and_their_worst_calibration(classes, tmp_path):
    outcomes = np.array([0.0, 0.0, 1.0, 2.0])
    sure = np.tile([1.0, 0.0, 0.0], (4, 1))
    measures = measure(classes, loss_of(classes, "brier"), outcomes, sure)
    assert (measures.accuracy, measures.brier, measures.loss) == (0.5, 0.5, 0.5)
    assert measures.calibration_error == 0.5
    assert (measures.mean_label, measures.auc) == (None, None)


class Fitted:
    """A pipeline with these predictions, whatever the rows."""

    def __init__(self, predictions, classes=()):
        self.predictions, self.classes_ = np.asarray(predictions), np.asarray(classes)

    def predict_proba(self, _):
        return self.predictions

    transform = predict_proba


ONE = pd.DataFrame({"x": [1.0]})


def test_a_class_that_the_fit_never_saw_has_the_probability_zero(classes):
    predict = kind_of(classes).predict
    assert predict(Fitted([[0.3, 0.7]], ["late", "early"]), ONE).tolist() == [[0.7, 0, 0.3]]


def test_a_version_that_was_fitted_with_another_class_cannot_predict(classes):
    with pytest.raises(ValueError, match="fitted with the class 'diverted'"):
        kind_of(classes).predict(Fitted([[0.3, 0.7]], ["diverted", "early"]), ONE)


def test_probabilities_that_do_not_add_up_to_one_are_rejected(classes):
    with pytest.raises(ValueError, match=r"add up to 1\.5 instead of 1"):
        kind_of(classes).predict(Fitted([[0.5, 0.5, 0.5]], CLASSES), ONE)


def test_crossing_quantiles_are_sorted(quantiles):
    assert kind_of(quantiles).predict(Fitted([[3, 2, 9]]), ONE).tolist() == [[2, 3, 9]]


def test_an_undeclared_class_is_named(classes):
    with pytest.raises(LabelError, match="'diverted' is not declared: add it to `classes`"):
        kind_of(classes).encode(pd.Series(["early", "diverted"]))


def test_scores_are_read_from_the_columns_that_they_were_written_to(classes, catalog):
    for model, scores in ((classes, np.eye(3)), (catalog.model("flight_delay"), np.arange(3.0))):
        table = pd.DataFrame(split_scores(model, scores))
        assert tuple(table) == model.score_names
        assert np.array_equal(read_scores(model, table), scores)


def test_a_cost_function_receives_the_names_of_the_classes(classes, tmp_path):
    (tmp_path / "cost.py").write_text(
        "def compute_costs(outcomes, predictions):\n"
        "    return 10 * (outcomes == 'late') * (1 - predictions[:, 2])\n"
    )
    loss = choose_loss(classes.model_copy(update={"loss": "cost"}), tmp_path)
    assert loss(np.array([0.0, 2.0]), np.array([[1.0, 0, 0], [0.5, 0, 0.5]])).tolist() == [0, 5]
