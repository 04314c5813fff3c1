"""Faults and changes of the world, as transformations of real scored days from a start on.

A day is a table with the row key, the features, `label` and `score`. `nth` is the number of the start: where a column
is chosen, it is another one for each start. A drill that changes features changes the predictions, too: the version
that served makes them again from the changed features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from contender.records import DriftVerdict
from contender.specs import ModelSpec

Rows = pd.DataFrame
# From the rows of a day, the number of days since the start, and the number of the start.
Change = Callable[[ModelSpec, Rows, int, int], Rows]


class Drill(NamedTuple):
    """A change, the verdict that is right, and whether it changes features or outcomes and scores only."""

    change: Change
    verdict: DriftVerdict
    of_features: bool


def _random(nth: int, since: int) -> np.random.Generator:
    return np.random.default_rng([nth, since])


def _numbers(model: ModelSpec) -> list[str]:
    return [column.name for column in model.features if column.type == "number"]


def _nth(names: list[str] | tuple[str, ...], nth: int) -> str:
    return names[nth % len(names)]


def empty_column(share: float, model: ModelSpec, rows: Rows, since: int, nth: int) -> Rows:
    """Empty a share of a numeric column."""
    name = _nth(_numbers(model), nth)
    return rows.assign(**{name: rows[name].mask(_random(nth, since).random(len(rows)) < share)})


def freeze_column(model: ModelSpec, rows: Rows, _: int, nth: int) -> Rows:
    """Set a column to its first value."""
    name = _nth(model.feature_names, nth)
    known = rows[name].dropna()
    return rows.assign(**{name: known.iloc[0] if len(known) else np.nan})


def change_unit(model: ModelSpec, rows: Rows, _: int, nth: int) -> Rows:
    """Multiply a number by ten."""
    name = _nth(_numbers(model), nth)
    return rows.assign(**{name: rows[name] * 10})


def fix_scores(_: ModelSpec, rows: Rows, __: int, ___: int) -> Rows:
    """Serve the same prediction for every row."""
    return rows.assign(score=float(rows["score"].mean()))


def shuffle_scores(_: ModelSpec, rows: Rows, since: int, nth: int) -> Rows:
    """Shuffle the predictions among the rows, as a wrong join does."""
    return rows.assign(score=_random(nth, since).permutation(rows["score"].to_numpy()))


def flip_labels(share: float, _: ModelSpec, rows: Rows, since: int, nth: int) -> Rows:
    """Invert a share of the outcomes."""
    flipped = _random(nth, since).random(len(rows)) < share
    return rows.assign(label=np.where(flipped, 1 - rows["label"], rows["label"]))


def flip_gradually(model: ModelSpec, rows: Rows, since: int, nth: int) -> Rows:
    """Invert 1 % of the outcomes on the first day, 1 % more each day, up to 20 %."""
    return flip_labels(min(since + 1, 20) / 100, model, rows, since, nth)


def lose_customers(_: ModelSpec, rows: Rows, since: int, nth: int) -> Rows:
    """Keep the rows in the upper half of the score and a tenth of the others: inputs change, outcomes do not."""
    rare = rows["score"] < rows["score"].median()
    kept: Rows = rows[~rare | (_random(nth, since).random(len(rows)) < 0.1)]
    return kept


def break_regime(model: ModelSpec, rows: Rows, since: int, nth: int) -> Rows:
    """Change inputs as `lose_customers`, and invert 30 % of the outcomes."""
    return flip_labels(0.3, model, lose_customers(model, rows, since, nth), since, nth)


DRILLS: Mapping[str, Drill] = {
    "column emptied": Drill(partial(empty_column, 1.0), "broken_feed", of_features=True),
    "a tenth of a column emptied": Drill(partial(empty_column, 0.1), "broken_feed", of_features=True),
    "column constant": Drill(freeze_column, "broken_feed", of_features=True),
    "unit of a column changed": Drill(change_unit, "broken_feed", of_features=True),
    "predictions constant": Drill(fix_scores, "broken_feed", of_features=False),
    "predictions shuffled": Drill(shuffle_scores, "concept_drift", of_features=False),
    "15 % of outcomes inverted": Drill(partial(flip_labels, 0.15), "concept_drift", of_features=False),
    "5 % of outcomes inverted": Drill(partial(flip_labels, 0.05), "concept_drift", of_features=False),
    "outcomes inverted, +1 % a day": Drill(flip_gradually, "concept_drift", of_features=False),
    "other mix of rows": Drill(lose_customers, "covariate_drift", of_features=False),
    "other mix, 30 % inverted": Drill(break_regime, "regime_break", of_features=False),
}
