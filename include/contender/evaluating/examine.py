"""Puts a version itself to the test: its behaviour, whether it says the same twice, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from contender.measures import Predictions
from contender.records import BehaviourCheck
from contender.specs import BehaviourError, BehaviourTest, Direction, Invariance, Minimum, ModelSpec

TRIED_ROWS = 2000
TIMED_ROWS = 10_000
TIMES = 3

Predict = Callable[[pd.DataFrame], Predictions]


class Examined(NamedTuple):
    """What a version was seen to do; nothing where it was not examined."""

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
    """Examine a version on judged rows, for which it made `predictions`. Raises BehaviourError.

    Rows are predicted again in the opposite order: a prediction depends neither on the rows beside it nor on the hour.
    """
    again = predict_rows(rows.iloc[::-1])[::-1]
    return Examined(
        behaviour=check_behaviour(model, tests, rows, predict_rows),
        repeat_difference=float(np.abs(np.nan_to_num(again - predictions)).max()),
    )


def check_behaviour(
    model: ModelSpec, tests: Sequence[BehaviourTest], rows: pd.DataFrame, predict_rows: Predict
) -> tuple[BehaviourCheck, ...]:
    """Put the tests of a model's folder to `predict_rows`, on up to 2,000 of the rows, spread evenly over them.

    `rows` hold the label, too, which the tests do not see. Raises BehaviourError when a test cannot be put.
    """
    if not tests:
        return ()
    some = rows.iloc[np.linspace(0, len(rows) - 1, min(len(rows), TRIED_ROWS)).astype(int)]
    spread = 1.0 if model.predicts == "probability" else float(rows["label"].std(ddof=0)) or 1.0
    seen = some.drop(columns="label").reset_index(drop=True)
    before = predict_rows(seen)
    checks = []
    for test in tests:
        try:
            checks.append(_check(test, seen, before, predict_rows, spread))
        except Exception as error:
            raise BehaviourError(
                f"models/{model.name}/behaviour.py: {test.name!r}: {type(error).__name__}: {error}: mend the test"
            ) from error
    return tuple(checks)


def _check(
    test: BehaviourTest, rows: pd.DataFrame, before: Predictions, predict_rows: Predict, spread: float
) -> BehaviourCheck:
    if test.where is not None:
        such = np.asarray(test.where(rows), dtype=bool)
        rows, before = rows[such], before[such]
    if rows.empty:
        return _told(test, 0.0, 0.0, "none of the judged rows is such a one", passed=True)
    after = before if test.change is None else predict_rows(test.change(rows.copy()))
    match test:
        case Minimum(low=low, high=high):
            mean = float(after.mean())
            short = float("-inf") if low is None else low - mean
            over = float("-inf") if high is None else mean - high
            bound = low if high is None or (low is not None and short >= over) else high
            assert bound is not None
            told = f"foretold {mean:.4g} on average of {len(rows)} rows"
            return _told(test, mean, bound, told, passed=max(short, over) <= 0)
        case Invariance(within=within):
            moved = float(np.abs(after - before).mean()) / spread
            told = f"moves what is foretold by {moved:.4g} on average of {len(rows)} rows"
            return _told(test, moved, within, told, passed=moved <= within)
        case Direction(expect=expect, by=by):
            moved = float((after - before).mean()) / spread * (1 if expect == "up" else -1)
            told = f"moves what is foretold {expect} by {moved:.4g} on average of {len(rows)} rows"
            return _told(test, moved, by, told, passed=moved >= by)


def _told(
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
    """Return the seconds that a million rows take: the best of three, over many rows."""
    many = rows.iloc[np.arange(max(TIMED_ROWS, len(rows))) % len(rows)]
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        predict_rows(many)
        taken.append(time.perf_counter() - began)
    return min(taken) / len(many) * 1e6
