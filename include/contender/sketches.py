"""Sketches of training rows: a few numbers a day, from which it can be told how much of a day has changed.

Every row has a sign, +1 or -1, that follows from its key. The sum of value times sign over a day's rows is a random
projection of the day: between two states of that day it moves by *d*, and the expectation of d² over the signs is the
sum of the squared changes of all its values (Alon, Matias & Szegedy, "The space complexity of approximating the
frequency moments", JCSS 58, 1999). Added over the shared days and divided by the column's variance, it is the share of
the column that is different now: 0 when nothing was touched, about 1 when nothing of it is left. So labels that were
flipped in both directions show as well as those that moved their mean, and nothing but a few numbers a day is kept.
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
    """The sketch of training rows, which hold the row key, the features and `label`."""
    nth, days = pd.factorize(rows["day"], sort=True)
    signs = _signs(_hash_keys(model, rows))

    def by_day(weights: Numbers) -> tuple[float, ...]:
        return tuple(np.bincount(nth, weights, minlength=len(days)).tolist())

    columns = {}
    for name in ("label", *model.feature_names):
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
    """How many rows have the key of another one."""
    return len(rows) - len(np.unique(_hash_keys(model, rows)))


def compare_sketches(
    ours: TrainingSketch,
    theirs: TrainingSketch | None,
    challenger: TrainedVersion,
    champion: TrainedVersion,
    excused: Collection[date] = (),
) -> HistoryChange | None:
    """What has changed of the champion's rows (`theirs`) on the shared days, but for the `excused` ones.

    None when nothing can be compared: no shared day, or no sketch with the same signs.
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
    came_or_went = np.abs(_pick(ours.rows, right) - before).sum()
    replaced = ((_pick(ours.presence, right) - _pick(theirs.presence, left)) ** 2).sum()
    changed = {"rows": float(max(came_or_went, replaced) / before.sum())}
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
    """Another version of the library might hash otherwise; then sketches must not be held against each other."""
    return f"{int(pd.util.hash_array(np.array(['contender'], dtype=object))[0]):016x}"


def _as_numbers(column: pd.Series) -> tuple[Numbers, NDArray[np.bool_]]:
    """A column's values, and which of them are missing. What is no number has the value +1 or -1, by its hash."""
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
    """The projection of the values less the mean, so that a row that came or went weighs as much as its value does."""
    there = _pick(sketch.presence, places) - _pick(column.missing, places)
    return _pick(column.projected, places) - mean * there


def _lost(was: ColumnSketch, now: ColumnSketch, left: list[int | None], right: list[int | None]) -> list[str]:
    if was.counts is None or now.counts is None:
        return []
    totals = {value: _pick(rows, left).sum() for value, rows in was.counts.items()}
    return [
        value
        for value, rows in totals.items()
        if rows >= FEWEST_ROWS_OF_A_CATEGORY and _pick(now.counts.get(value), right).sum() < rows / 2
    ]
