"""Measure slices: a version that is better overall may be much worse on a part of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contender.evaluating.intervals import CONFIDENCE, interval_by_day
from contender.records import SliceMeasures
from contender.specs import ModelSpec, Slice

FEWEST_DAYS = 3
MOST_VALUES = 50

Rows = NDArray[np.bool_]


def measure_slices(
    model: ModelSpec,
    rows: pd.DataFrame,
    challenger: NDArray[np.float64],
    champion: NDArray[np.float64] | None,
) -> tuple[SliceMeasures, ...]:
    """Return the measures of a model's slices, largest first. `challenger` and `champion` are losses per row.

    A slice is compared if it has at least `min_slice_rows` rows on at least three days. Intervals are widened by the
    number of slices, so that all of them together have 95 % confidence (Bonferroni).
    """
    days = np.array([day.toordinal() for day in rows["day"]], dtype=np.int64)
    found = [(name, where) for part in model.slices for name, where in _split(part, rows) if where.any()]
    found.sort(key=lambda named: -int(named[1].sum()))
    compared = [
        champion is not None
        and int(where.sum()) >= model.guards.min_slice_rows
        and len(np.unique(days[where])) >= FEWEST_DAYS
        for _, where in found
    ]
    confidence = 1 - (1 - CONFIDENCE) / max(sum(compared), 1)
    return tuple(
        SliceMeasures(
            name=name,
            rows=int(where.sum()),
            challenger_loss=float(challenger[where].mean()),
            champion_loss=None if champion is None else float(champion[where].mean()),
            difference=interval_by_day((challenger - champion)[where], days[where], confidence)
            if champion is not None and enough
            else None,
        )
        for (name, where), enough in zip(found, compared, strict=True)
    )


def _split(part: Slice, rows: pd.DataFrame) -> Iterator[tuple[str, Rows]]:
    column = rows[part.column]
    if part.values:
        yield part.title, column.isin(part.values).to_numpy()
        return
    frequent: Sequence[object] = column.value_counts().index[:MOST_VALUES].tolist()
    for value in frequent:
        yield f"{part.title}={value}", (column == value).to_numpy()
