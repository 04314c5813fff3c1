"""Sketches of training rows: a few numbers per day, from which the changed share of a day is estimated.

Every row has a sign, +1 or -1, computed from its key. The sum of value times sign over a day's rows is a random
projection of the day. If it differs by *d* between two states of that day, the expectation of d² over the signs is the
sum of the squared changes of all values (Alon, Matias & Szegedy, "The space complexity of approximating the frequency
moments", JCSS 58, 1999). Summed over the shared days and divided by the column's variance, it is the changed share of
the column: 0 if nothing has changed, about 1 if all of it has. Labels that were flipped in both directions are detected
as well as a changed mean, although only a few numbers per day are stored.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contender.records import ColumnSketch, HistoryChange, TrainedVersion, TrainingSketch
from contender.specs import ModelSpec

Numbers = NDArray[np.float64]

MOST_CATEGORIES = 50
FEWEST_ROWS_OF_A_CATEGORY = 20


def sketch_rows(model: ModelSpec, rows: pd.DataFrame) -> TrainingSketch:
    """Return the sketch of training rows, which have the row key, features, label and weights."""
    nth, days = pd.factorize(rows["day"], sort=True)
    signs = _signs(_hash_keys(model, rows))

    def by_day(weights: Numbers) -> tuple[float, ...]:
        return tuple(np.bincount(nth, weights, minlength=len(days)).tolist())

    columns = {}
    for name in ("label", *model.feature_names, *model.weight_names):
        values, missing = _as_numbers(rows[name])
        present = values[~missing]
        columns[name] = ColumnSketch(
            mean=float(present.mean()) if len(present) else 0.0,
            deviation=(float(present.std()) if len(present) else 0.0) or 1.0,
            projected=by_day(np.where(missing, 0.0, values) * signs),
            missing=by_day(missing * signs) if missing.any() else None,
            counts=_count(rows[name], nth, len(days)),
        )
    return TrainingSketch(
        model=model.name,
        signs=_name_signs(),
        days=tuple(days.tolist()),
        rows=tuple(np.bincount(nth, minlength=len(days)).tolist()),
        presence=by_day(signs),
        columns=columns,
    )


def count_repeated(model: ModelSpec, rows: pd.DataFrame) -> int:
    """Return the number of rows with a repeated key."""
    return len(rows) - len(np.unique(_hash_keys(model, rows)))


def compare_sketches(
    ours: TrainingSketch,
    theirs: TrainingSketch | None,
    challenger: TrainedVersion,
    champion: TrainedVersion,
    excused: Collection[date] = (),
) -> HistoryChange | None:
    """Return how much the champion's rows (`theirs`) have changed on the shared days, without the `excused` ones.

    Return None if there is nothing to compare: no shared day with rows, or no sketch with the same signs.
    """
    if theirs is None or theirs.signs != ours.signs:
        return None
    both = [
        day
        for day in sorted({*ours.days, *theirs.days})
        if day in challenger.trained_on and day in champion.trained_on
    ]
    shared = [day for day in both if day not in excused]
    left, right = _at(theirs, shared), _at(ours, shared)
    before = _pick(theirs.rows, left)
    if before.sum() == 0:
        return None
    added_or_removed = np.abs(_pick(ours.rows, right) - before).sum()
    replaced = ((_pick(ours.presence, right) - _pick(theirs.presence, left)) ** 2).sum()
    changed = {"rows": float(max(added_or_removed, replaced) / before.sum())}
    lost: list[str] = []
    for name in theirs.columns.keys() & ours.columns.keys():
        was, now = theirs.columns[name], ours.columns[name]
        moved = _centred(ours, now, was.mean, right) - _centred(theirs, was, was.mean, left)
        changed[name] = float((moved**2).sum() / (before.sum() * was.deviation**2))
        lost += [f"{name}={value}" for value in _lost(was, now, left, right)]
    return HistoryChange(
        shared_days=len(shared),
        shared_rows=int(before.sum()),
        excused_days=len(both) - len(shared),
        changed=dict(sorted(changed.items())),
        lost=tuple(sorted(lost)),
    )


def _hash_keys(model: ModelSpec, rows: pd.DataFrame) -> NDArray[np.uint64]:
    nth, days = pd.factorize(rows["day"])
    ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
    keyed = rows[[column.name for column in model.keys]].assign(day=ordinals[nth])
    return np.asarray(pd.util.hash_pandas_object(keyed, index=False), dtype=np.uint64)


def _signs(hashes: NDArray[np.uint64]) -> Numbers:
    return np.where(hashes >> np.uint64(63), 1.0, -1.0)


def _name_signs() -> str:
    """Identify the hash function: if another version of pandas hashes differently, sketches are not comparable."""
    return f"{int(pd.util.hash_array(np.array(['contender'], dtype=object))[0]):016x}"


def _as_numbers(column: pd.Series) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return a column's values, and which are missing. Values that are not numbers become +1 or -1 by their hash."""
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(np.float64, na_value=np.nan)
        return values, ~np.isfinite(values)
    hashed = pd.util.hash_array(column.astype(str).to_numpy(object), categorize=True)
    return _signs(hashed), column.isna().to_numpy()


def _count(column: pd.Series, nth: NDArray[np.int64], days: int) -> dict[str, tuple[int, ...]] | None:
    if pd.api.types.is_numeric_dtype(column):
        return None
    codes, values = pd.factorize(column.astype(str))
    if len(values) > MOST_CATEGORIES:
        return None
    return {
        str(value): tuple(np.bincount(nth[codes == code], minlength=days).tolist())
        for code, value in enumerate(values)
    }


def _at(sketch: TrainingSketch, days: list[date]) -> list[int | None]:
    places = {day: place for place, day in enumerate(sketch.days)}
    return [places.get(day) for day in days]


def _pick(numbers: tuple[float, ...] | tuple[int, ...] | None, places: list[int | None]) -> Numbers:
    return np.array(
        [numbers[place] if numbers and place is not None else 0.0 for place in places], dtype=np.float64
    )


def _centred(sketch: TrainingSketch, column: ColumnSketch, mean: float, places: list[int | None]) -> Numbers:
    """Return the projection of value minus mean, so that added or removed rows count by their distance to the mean."""
    present = _pick(sketch.presence, places) - _pick(column.missing, places)
    return _pick(column.projected, places) - mean * present


def _lost(was: ColumnSketch, now: ColumnSketch, left: list[int | None], right: list[int | None]) -> list[str]:
    if was.counts is None or now.counts is None:
        return []
    totals = {value: _pick(rows, left).sum() for value, rows in was.counts.items()}
    return [
        value
        for value, rows in totals.items()
        if rows >= FEWEST_ROWS_OF_A_CATEGORY and _pick(now.counts.get(value), right).sum() < rows / 2
    ]
