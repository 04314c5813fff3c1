"""Ways in which the rows that a refresh is fitted on can be wrong, though each day of them passed a gate.

Each is made from a night's training rows (row key, features, label; by day). Draws are seeded by the night's number
`nth`. Where a column or a group is chosen, the `nth` of them is: night by night another one, in the order of the spec.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import numpy as np
import pandas as pd

from contender.specs import ModelSpec

Rows = pd.DataFrame
Poison = Callable[[ModelSpec, Rows, int], Rows]

TIMES = 10.0


def flip_labels(share: float, model: ModelSpec, rows: Rows, nth: int) -> Rows:
    """Invert the labels of a random share of the rows."""
    flipped = np.random.default_rng([nth, len(model.name)]).random(len(rows)) < share
    return rows.assign(label=np.where(flipped, 1 - rows["label"], rows["label"]))


def lose_positives(share: float, model: ModelSpec, rows: Rows, nth: int) -> Rows:
    """Set the label of a random share of the positive rows to 0."""
    lost = np.random.default_rng([nth, len(model.name)]).random(len(rows)) < share
    return rows.assign(label=np.where(lost, 0, rows["label"]))


def freeze_feature(model: ModelSpec, rows: Rows, nth: int) -> Rows:
    """Set a feature to its first value."""
    name = model.feature_names[nth % len(model.feature_names)]
    return rows.assign(**{name: rows[name].iloc[rows[name].notna().to_numpy().argmax()]})


def rescale_feature(model: ModelSpec, rows: Rows, nth: int) -> Rows:
    """Multiply a number by ten, as after a change of units."""
    names = [column.name for column in model.features if column.type == "number"]
    name = names[nth % len(names)]
    return rows.assign(**{name: rows[name] * TIMES})


def lose_half(_: ModelSpec, rows: Rows, __: int) -> Rows:
    """Remove the older half of the days."""
    days = np.sort(rows["day"].unique())
    newer: Rows = rows[rows["day"] >= days[len(days) // 2]]
    return newer


def append_week(_: ModelSpec, rows: Rows, __: int) -> Rows:
    """Duplicate the rows of the last week."""
    since = rows["day"].max() - timedelta(days=6)
    longer: Rows = pd.concat([rows, rows[rows["day"] >= since]], ignore_index=True)
    return longer


def repeat_week(_: ModelSpec, rows: Rows, __: int) -> Rows:
    """Replace the week before the last by a copy of the last week, under its old dates."""
    since = rows["day"].max() - timedelta(days=6)
    before, last = since - timedelta(days=7), rows[rows["day"] >= since]
    copied = last.assign(day=[day - timedelta(days=7) for day in last["day"]])
    repeated: Rows = pd.concat([rows[rows["day"] < before], copied, last], ignore_index=True)
    return repeated


def lose_group(model: ModelSpec, rows: Rows, nth: int) -> Rows:
    """Remove all rows of one value of the last slice column: an airline, or a household size."""
    column = [part.column for part in model.slices if not part.values][-1]
    values = rows[column].value_counts().index
    others: Rows = rows[rows[column] != values[nth % len(values)]]
    return others


POISONS: Mapping[str, Poison] = {
    "labels flipped, 5 %": partial(flip_labels, 0.05),
    "labels flipped, 10 %": partial(flip_labels, 0.10),
    "labels flipped, 20 %": partial(flip_labels, 0.20),
    "half of the positives lost": partial(lose_positives, 0.5),
    "feature frozen": freeze_feature,
    "feature scaled by 10": rescale_feature,
    "older half missing": lose_half,
    "last week duplicated": append_week,
    "last week copied": repeat_week,
    "rows of one group missing": lose_group,
}
