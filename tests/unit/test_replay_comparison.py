"""A replay is compared with the record leaf by leaf, and each difference shows both values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.promoting import decide_promotion
from contender.records import BehaviourCheck, CalibrationPoint, Interval, Reason
from contender.replaying import compare
from contender.replaying.compare import (
    compare_decisions,
    compare_evaluations,
    compare_predictions,
    leave_out_unrecorded,
    take_answer,
)
from contender.specs import Guards
from tests.unit.judged import evaluation, measures

TESTED = BehaviourCheck(name="on time", kind="minimum", passed=False, observed=0.5, bound=0.4, explanation="")

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(leaves, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=10)


@given(values)
def test_a_value_is_identical_to_itself(value):
    assert compare("a part", value, value).identical


@given(st.dictionaries(st.text(min_size=1), leaves, min_size=1), st.data())
def test_one_changed_leaf_is_one_difference(record, data):
    name = data.draw(st.sampled_from(sorted(record)))
    part = compare("a part", record, {**record, name: "another value that nothing else has"})
    assert [difference.field for difference in part.differences] == [name]


def test_a_difference_in_the_last_digit_is_shown_in_full():
    (difference,) = compare("a part", {"loss": 0.1 + 0.2}, {"loss": 0.3}).differences
    assert str(difference) == "loss: was 0.30000000000000004, is 0.3"


def test_missing_and_new_values_are_both_differences():
    part = compare("a part", {"a": 1}, {"b": 2})
    assert [str(d) for d in part.differences] == ["a: was 1, is -", "b: was -, is 2"]


@pytest.mark.parametrize(("was", "now"), [(0.0, None), (True, 1), ([], None), ("1", 1)])
def test_equal_looking_values_of_different_types_differ(was, now):
    assert not compare("a part", was, now).identical


def test_predictions_are_reported_with_their_largest_difference():
    part = compare_predictions("predictions", np.array([0.1, 0.2, 0.3]), np.array([0.1, 0.25, 0.31]))
    assert str(part.differences[0]) == "largest difference: was 0, is 0.05, over 2 of 3 rows"


def test_a_measure_that_neither_has_is_not_compared():
    names = [part.name for part in compare_evaluations(evaluation(), evaluation())]
    assert "calibration" not in names
    assert "measures of the baseline" in names


def test_a_measure_that_only_the_replay_has_is_a_difference():
    point = CalibrationPoint(predicted=0.1, observed=0.2, rows=3)
    parts = compare_evaluations(evaluation(), evaluation(calibration=(point,)))
    assert [part.name for part in parts if not part.identical] == ["calibration"]


def test_outcomes_of_tested_rows_that_an_older_evaluation_lacks_are_no_difference():
    was = evaluation(behaviour=(TESTED,))
    measured = TESTED.model_copy(update={"outcomes": Interval(low=0.1, high=0.3)})
    now = was.model_copy(update={"behaviour": (measured,)})
    assert leave_out_unrecorded(was, now) == was
    assert leave_out_unrecorded(now, now) == now


def test_a_decision_is_compared_guard_by_guard():
    was = decide_promotion(evaluation(), Guards())
    now = decide_promotion(evaluation(challenger_measures=measures(0.170)), Guards())
    differing = [part.name for part in compare_decisions(was, now) if not part.identical]
    assert differing == ["guard: baseline", "guard: harm", "decision"]


def test_a_missing_decision_about_the_version_is_a_difference():
    (part,) = compare_decisions(decide_promotion(evaluation(), Guards()), None)
    assert str(part.differences[0]) == "kind: was refreshed, is none about this version"


@pytest.mark.parametrize(("passed", "kind", "serves"), [(True, "refreshed", 2), (False, "held", 1)])
def test_the_answer_of_a_person_is_taken_from_the_record(passed, kind, serves):
    now = decide_promotion(evaluation(), Guards())
    answer = Reason(guard="approval", passed=passed, observed=None, bound=None, explanation="by ana")
    was = now.model_copy(
        update={
            "reasons": (*now.reasons, answer),
            "kind": kind,
            "champion_after": serves,
            "champion_before": 1,
        }
    )
    assert all(part.identical for part in compare_decisions(was, take_answer(was, now)))
