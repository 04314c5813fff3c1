"""Examine a version: run its behaviour tests, repeat its predictions, and time them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contender.evaluating.intervals import interval_by_day
from contender.measures import Kind, Outcomes, PredictionError, Predictions, kind_of
from contender.records import BehaviourCheck, Interval
from contender.specs import (
    BehaviourError,
    BehaviourTest,
    Direction,
    Invariance,
    Minimum,
    ModelSpec,
    find_score,
)

TESTED_ROWS = 2000
TIMED_ROWS = 10_000
TIMES = 3

Predict = Callable[[pd.DataFrame], Predictions]


class Examined(NamedTuple):
    """The results of examining a version; empty or None if it was not examined."""

    behaviour: tuple[BehaviourCheck, ...] = ()
    repeat_difference: float | None = None
    seconds_per_million_rows: float | None = None


def examine(
    model: ModelSpec,
    tests: Sequence[BehaviourTest],
    predict_rows: Predict,
    rows: pd.DataFrame,
    predictions: Predictions,
) -> Examined:
    """Examine a version on evaluated rows, for which it made `predictions`. Raises BehaviourError.

    Rows are predicted again in reverse order: a prediction must not depend on other rows or on the time of day.
    """
    again = predict_rows(rows.iloc[::-1])[::-1]
    return Examined(
        behaviour=check_behaviour(model, tests, rows, predict_rows),
        repeat_difference=float(np.abs(np.nan_to_num(again - predictions)).max()),
    )


def check_behaviour(
    model: ModelSpec, tests: Sequence[BehaviourTest], rows: pd.DataFrame, predict_rows: Predict
) -> tuple[BehaviourCheck, ...]:
    """Run a model's behaviour tests with `predict_rows`, on up to 2,000 rows spread evenly over `rows`.

    `rows` has labels and weights, which the tests do not receive. A test whose changed rows the version cannot predict
    has failed. Raises BehaviourError if a test raises an exception itself.
    """
    if not tests:
        return ()
    some = rows.iloc[np.linspace(0, len(rows) - 1, min(len(rows), TESTED_ROWS)).astype(int)]
    kind = kind_of(model)
    spread = kind.spread(kind.encode(rows["label"]))
    known = _Known(kind, kind.encode(some["label"]), some["day"].map(date.toordinal).to_numpy(np.int64))
    given = some.drop(columns=["label", *model.weight_names]).reset_index(drop=True)
    before = predict_rows(given)
    checks = []
    for test in tests:
        chosen = _Chosen(kind, spread, find_score(model, test))
        try:
            tested = _select(test, given)
            checked = _check(test, given[tested], before[tested], predict_rows, chosen)
            unit = "" if isinstance(test, Minimum) else kind.unit
            outcomes = known.mean_of(test, tested, chosen.score)
            checks.append(checked.model_copy(update={"unit": unit, "outcomes": outcomes}))
        except PredictionError as error:
            message = f"the changed rows could not be predicted: {error}"
            checks.append(_result(test, 0.0, 0.0, message, passed=False))
        except Exception as error:
            raise BehaviourError(
                f"models/{model.name}/behaviour.py: {test.name!r}: {type(error).__name__}: {error}: correct the test"
            ) from error
    return tuple(checks)


class _Known(NamedTuple):
    """The outcomes of the rows that tests receive, and the day of each."""

    kind: Kind
    outcomes: Outcomes
    days: NDArray[np.int64]

    def mean_of(self, test: BehaviourTest, tested: NDArray[np.bool_], score: int | None) -> Interval | None:
        """Return the interval of the mean outcome that a test's predictions are about; None if there is none."""
        if not isinstance(test, Minimum) or test.change is not None or self.kind.expected is None:
            return None
        return interval_by_day(self.kind.expected(self.outcomes, score)[tested], self.days[tested])


class _Chosen(NamedTuple):
    """How a test measures predictions: in which unit, and in which of several score columns (None: all)."""

    kind: Kind
    spread: float
    score: int | None

    def pick(self, predictions: Predictions) -> Predictions:
        """Return the chosen score of each row."""
        return predictions if self.score is None else predictions[:, self.score]

    def distance(self, before: Predictions, after: Predictions) -> float:
        """Return the mean absolute difference of the chosen score, or the distance of all scores."""
        if self.score is None:
            return self.kind.distance(after - before).absolute / self.spread
        return float(np.abs(self.pick(after) - self.pick(before)).mean()) / self.spread


def _select(test: BehaviourTest, rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows a test is about."""
    return np.ones(len(rows), bool) if test.where is None else np.asarray(test.where(rows), dtype=bool)


def _check(
    test: BehaviourTest, rows: pd.DataFrame, before: Predictions, predict_rows: Predict, chosen: _Chosen
) -> BehaviourCheck:
    if rows.empty:
        return _result(test, 0.0, 0.0, "no evaluated row is selected by `where`", passed=True)
    after = before if test.change is None else predict_rows(test.change(rows.copy()))
    match test:
        case Minimum(low=low, high=high):
            mean = float(chosen.pick(after).mean())
            short = float("-inf") if low is None else low - mean
            over = float("-inf") if high is None else mean - high
            bound = low if high is None or (low is not None and short >= over) else high
            assert bound is not None
            explanation = f"the mean prediction of {len(rows)} rows is {mean:.4g}"
            return _result(test, mean, bound, explanation, passed=max(short, over) <= 0)
        case Invariance(within=within):
            moved = chosen.distance(before, after)
            explanation = f"changes predictions by {moved:.4g} on average of {len(rows)} rows"
            return _result(test, moved, within, explanation, passed=moved <= within)
        case Direction(expect=expect, by=by):
            difference = chosen.pick(after) - chosen.pick(before)
            moved = float(difference.mean()) / chosen.spread * (1 if expect == "up" else -1)
            explanation = f"moves predictions {expect} by {moved:.4g} on average of {len(rows)} rows"
            return _result(test, moved, by, explanation, passed=moved >= by)


def _result(
    test: BehaviourTest, observed: float, bound: float, explanation: str, *, passed: bool
) -> BehaviourCheck:
    kinds: dict[type, str] = {Invariance: "invariance", Direction: "direction", Minimum: "minimum"}
    return BehaviourCheck.model_validate(
        {
            "name": test.name,
            "kind": kinds[type(test)],
            "passed": passed,
            "observed": observed,
            "bound": bound,
            "explanation": explanation,
        }
    )


def time_predictions(predict_rows: Predict, rows: pd.DataFrame) -> float:
    """Return the prediction time of a million rows in seconds: the best of three runs over 10,000 rows."""
    many = rows.iloc[np.arange(TIMED_ROWS) % len(rows)]
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        predict_rows(many)
        taken.append(time.perf_counter() - began)
    return min(taken) / len(many) * 1e6
