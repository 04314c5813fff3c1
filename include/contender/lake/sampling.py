"""A seeded sample of labelled rows that is read a few days at a time, so that memory does not grow with the window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from contender.lake.examples import join_examples, read_examples
from contender.lake.pieces import PIECE
from contender.lake.tables import Lake
from contender.records import Pin
from contender.specs import Days, ModelSpec, Recipe

if TYPE_CHECKING:
    import pandas as pd


class Sample(NamedTuple):
    """Labelled rows, and the number of rows that they were drawn from."""

    rows: pd.DataFrame
    drawn_from: int


def read_sample(lake: Lake, model: ModelSpec, days: Days, pins: tuple[Pin, ...], recipe: Recipe) -> Sample:
    """Read the rows that a recipe is trained on: those that `draw_rows` draws from `read_examples`, in the same order.

    With `max_rows`, so many rows are in memory, and those of some days besides; else all rows.
    """
    if (most := recipe.max_rows) is None:
        rows = read_examples(lake, model, days, pins)
        return Sample(rows, len(rows))
    counts = {day: file.rows for day, file in lake.day_files(model.label_contract.table, days).items()}
    contracts = (model.feature_contract, model.label_contract)
    snapshots = {pin.table: pin.snapshot for pin in pins}
    drawn, total = None, 0
    for some in _cut(days, counts):
        features, labels = (lake.read(c, some, snapshot=snapshots.get(c.table)) for c in contracts)
        read = join_examples(model, features, labels)
        total += len(read)
        drawn = draw_rows(model, read if drawn is None else _append(drawn, read), most, recipe.seed)
    assert drawn is not None, "a span has at least one day"
    return Sample(drawn, total)


def draw_rows(model: ModelSpec, rows: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Return `most` rows in their order, and at least one of each day; all rows if there are at most so many.

    Rows are drawn by a hash of their keys (bottom-k sampling, Cohen and Kaplan 2007), so what is drawn depends neither
    on the order of rows nor on how they are split, and a row that is drawn from many is also drawn from fewer.
    """
    import numpy as np
    import pandas as pd

    if len(rows) <= most:
        return rows
    keys = rows[list(model.row_key)]
    keys.insert(0, "seed", seed)  # numbers are hashed without regard to pandas' own hash key
    numbers = pd.util.hash_pandas_object(keys, index=False).to_numpy()
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[np.argpartition(numbers, most - 1)[:most]] = True
    lowest = pd.Series(numbers).groupby(rows["day"].to_numpy(), sort=False).idxmin()
    chosen[lowest.to_numpy()] = True
    return rows[chosen].reset_index(drop=True)


def _append(drawn: pd.DataFrame, read: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([drawn, read], ignore_index=True)


def _cut(days: Days, counts: dict[date, int]) -> Iterator[Days]:
    """Cut a span into shorter ones of at most PIECE rows, or of one day."""
    some: list[date] = []
    for day in days.each():
        if some and _count(some, counts) + counts.get(day, 0) > PIECE:
            yield Days(first=some[0], last=some[-1])
            some = []
        some.append(day)
    yield Days(first=some[0], last=some[-1])


def _count(days: Sequence[date], counts: dict[date, int]) -> int:
    return sum(counts.get(day, 0) for day in days)
