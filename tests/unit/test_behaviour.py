"""Behaviour tests of a model: loading them, running them, and errors in one line."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contender.evaluating import check_behaviour, examine
from contender.measures import PredictionError
from contender.specs import BehaviourError, Direction, Invariance, Minimum, load_behaviour
from tests.command import run_command
from tests.unit.own_code import EXAMPLE_MODELS

ROWS = pd.DataFrame(
    {"day": date(2013, 8, 1), "dep_hour": np.arange(24), "distance": 100.0, "label": np.arange(24) % 2}
)


def later_is_later(rows: pd.DataFrame) -> np.ndarray:
    """A model that predicts a delay from the hour alone."""
    return rows["dep_hour"].to_numpy(float) / 24


def add(**changes):
    return lambda rows: rows.assign(**{name: rows[name] + change for name, change in changes.items()})


@pytest.fixture
def model(catalog):
    return catalog.model("flight_delay")


@pytest.mark.parametrize(
    ("test", "passed", "observed"),
    [
        (Invariance(name="t", change=add(distance=5)), True, 0),
        (Invariance(name="t", change=add(dep_hour=6)), False, 0.25),
        (Direction(name="t", change=add(dep_hour=6), expect="up"), True, 0.25),
        (Direction(name="t", change=add(dep_hour=6), expect="up", by=0.3), False, 0.25),
        (Direction(name="t", change=add(dep_hour=6), expect="down"), False, -0.25),
        (Minimum(name="t", where=lambda rows: rows["dep_hour"] < 2, high=0.1), True, 0.5 / 24),
        (Minimum(name="t", where=lambda rows: rows["dep_hour"] > 21, high=0.5), False, 22.5 / 24),
        (Minimum(name="t", change=lambda rows: rows.assign(dep_hour=12), low=0.4, high=0.6), True, 0.5),
        (Minimum(name="t", where=lambda rows: rows["dep_hour"] > 24, low=0.9), True, 0),
    ],
)
def test_a_behaviour_test_passes_or_fails(model, test, passed, observed):
    (check,) = check_behaviour(model, [test], ROWS, later_is_later)
    assert (check.passed, check.observed) == (passed, pytest.approx(observed))


def test_a_test_with_bounds_has_the_interval_of_the_outcomes_of_its_rows(model):
    days = [date(2013, 9, 1), date(2013, 9, 2)] * (len(ROWS) // 2)
    rows = ROWS.assign(day=days, label=ROWS["dep_hour"] % 4 < 2)
    late = Minimum(name="t", where=lambda rows: rows["dep_hour"] > 12, high=0.5)
    tests = [
        late,
        Minimum(name="c", change=add(dep_hour=0), high=0.5),
        Invariance(name="i", change=add(distance=5)),
    ]
    bounded, changed, invariant = check_behaviour(model, tests, rows, later_is_later)
    expected = rows["label"][rows["dep_hour"] > 12].mean()
    assert (bounded.outcomes.low + bounded.outcomes.high) / 2 == pytest.approx(expected)
    assert changed.outcomes is None
    assert invariant.outcomes is None


def test_changes_of_a_quantity_are_in_standard_deviations_of_its_outcomes(model):
    quantity = model.model_copy(update={"predicts": "quantity"})
    rows = ROWS.assign(label=ROWS["label"] * 100.0)
    test = Direction(name="t", change=add(dep_hour=6), expect="up")
    (check,) = check_behaviour(quantity, [test], rows, lambda rows: later_is_later(rows) * 100)
    assert check.unit == "standard deviations"
    assert check.observed == pytest.approx(25 / 50)


def test_behaviour_tests_do_not_receive_the_label(model):
    test = Minimum(name="peeks", where=lambda rows: rows["label"] == 1, low=0)
    with pytest.raises(
        BehaviourError, match=r"^models/flight_delay/behaviour.py: 'peeks': KeyError: 'label'"
    ):
        check_behaviour(model, [test], ROWS, later_is_later)


def test_a_behaviour_test_fails_for_a_version_that_cannot_predict_the_changed_rows(model):
    def refuses_midnight(rows):
        if (rows["dep_hour"] == 0).all():
            raise PredictionError("ValueError: unknown category")
        return later_is_later(rows)

    tests = [
        Minimum(name="midnight", change=lambda rows: rows.assign(dep_hour=0), low=0),
        Minimum(name="always", low=0),
    ]
    midnight, always = check_behaviour(model, tests, ROWS, refuses_midnight)
    assert (midnight.passed, always.passed) == (False, True)
    assert midnight.explanation == "the changed rows could not be predicted: ValueError: unknown category"


def test_a_prediction_that_depends_on_other_rows_is_detected(model):
    class Ranks:
        """Predicts the place of a row in its batch."""

        def predict_proba(self, rows):
            place = np.arange(len(rows)) / len(rows)
            return np.column_stack([1 - place, place])

    def predict(rows):
        return Ranks().predict_proba(rows)[:, 1]

    found = examine(model, (), predict, ROWS, predict(ROWS))
    assert found.repeat_difference == pytest.approx(23 / 24)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "BEHAVIOUR = 3",
            r"BEHAVIOUR: is not a tuple of Invariance, Direction and Minimum: end the file with",
        ),
        ("TESTS = ()", r"BEHAVIOUR: is not a tuple"),
        ("import nothing_of_that_name", r"ModuleNotFoundError: .*: correct the file$"),
        (
            "from contender.specs import Minimum\nBEHAVIOUR = (Minimum(name='m'),)",
            r"Minimum: no bound: give `low` or `high`: correct the test$",
        ),
        (
            "from contender.specs import Direction\nBEHAVIOUR = (Direction(name='d', change=len, expect='left'),)",
            r"Direction.expect: Input should be 'up' or 'down': correct the test$",
        ),
        (
            "from contender.specs import Minimum\nBEHAVIOUR = (Minimum(name='m', low=1),) * 2",
            r"BEHAVIOUR: 'm' is used twice",
        ),
    ],
)
def test_an_error_in_the_file_is_reported_in_one_line(tmp_path, source, message):
    home = tmp_path / "churn"
    home.mkdir()
    (home / "behaviour.py").write_text(source)
    with pytest.raises(BehaviourError, match=rf"^models/churn/behaviour\.py: .*{message}") as caught:
        load_behaviour(home)
    assert "\n" not in str(caught.value)


def test_a_model_without_the_file_has_no_tests(tmp_path):
    assert load_behaviour(tmp_path) == ()


def test_every_example_model_has_tests_of_each_kind(catalog):
    for name in EXAMPLE_MODELS:
        kinds = {type(test) for test in load_behaviour(catalog.model_home(name))}
        assert kinds == {Invariance, Direction, Minimum}


def test_contender_check_reports_errors_in_behaviour_tests(tmp_path, monkeypatch, catalog):
    import shutil

    from contender.settings import settings

    home = Path(shutil.copytree(catalog.home, tmp_path / "catalog"))
    (home / "models/flight_delay/behaviour.py").write_text("BEHAVIOUR = None")
    monkeypatch.setenv("CONTENDER_CATALOG_HOME", str(home))
    settings.cache_clear()
    try:
        result = run_command("check")
    finally:
        settings.cache_clear()
    assert result.code == 1
    assert re.match(r"models/flight_delay/behaviour\.py: BEHAVIOUR: is not a tuple", result.err)


@pytest.fixture
def classes(model):
    return model.model_copy(update={"predicts": "class", "classes": ("early", "late")})


def later_is_late(rows: pd.DataFrame) -> np.ndarray:
    return np.column_stack([1 - later_is_later(rows), later_is_later(rows)])


NAMED = ROWS.assign(label=np.where(ROWS["label"] == 1, "late", "early"))


@pytest.mark.parametrize(
    ("test", "passed", "observed"),
    [
        (Direction(name="t", score="score_late", change=add(dep_hour=6), expect="up"), True, 0.25),
        (Direction(name="t", score="score_early", change=add(dep_hour=6), expect="up"), False, -0.25),
        (
            Minimum(name="t", score="score_late", where=lambda rows: rows["dep_hour"] < 2, high=0.1),
            True,
            0.5 / 24,
        ),
        (Invariance(name="t", change=add(dep_hour=6)), False, 0.25),
    ],
)
def test_a_behaviour_test_of_several_scores_names_one_or_tests_all(classes, test, passed, observed):
    (check,) = check_behaviour(classes, [test], NAMED, later_is_late)
    assert (check.passed, check.observed) == (passed, pytest.approx(observed))


@pytest.mark.parametrize("score", [None, "score_never"])
def test_a_direction_of_several_scores_must_name_a_score(classes, score):
    test = Direction(name="later", score=score, change=add(dep_hour=6), expect="up")
    with pytest.raises(BehaviourError, match=r"'later': score: .*: name one of score_early, score_late$"):
        check_behaviour(classes, [test], NAMED, later_is_late)
