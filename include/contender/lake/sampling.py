"""A seeded sample of labelled rows that is read a few days at a time, so that memory does not grow with the window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from contender.lake.drawing import draw_rows, hash_all, keep_low
from contender.lake.examples import join_examples, read_examples
from contender.lake.pieces import PIECE, open_pieces
from contender.lake.tables import Lake
from contender.records import Pin
from contender.specs import Days, ModelSpec, Recipe


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
    # Counts of the newest snapshot: they only say how many days are read at once.
    counts = {day: file.rows for day, file in lake.day_files(model.label_contract.table, days).items()}
    drawn, total = None, 0
    for some in _cut(days, counts):
        many = some.is_single and counts.get(some.first, 0) > PIECE
        read = (_draw_day if many else _read_all)(lake, model, some, pins, recipe)
        total += read.drawn_from
        both = read.rows if drawn is None else pd.concat([drawn, read.rows], ignore_index=True)
        drawn = draw_rows(model, both, most, recipe.seed)
    assert drawn is not None, "a span has at least one day"
    return Sample(drawn, total)


def _read_all(lake: Lake, model: ModelSpec, days: Days, pins: tuple[Pin, ...], _: Recipe) -> Sample:
    snapshots = {pin.table: pin.snapshot for pin in pins}
    features, labels = (
        lake.read(contract, days, snapshot=snapshots.get(contract.table))
        for contract in (model.feature_contract, model.label_contract)
    )
    rows = join_examples(model, features, labels)
    return Sample(rows, len(rows))


def _draw_day(lake: Lake, model: ModelSpec, days: Days, pins: tuple[Pin, ...], recipe: Recipe) -> Sample:
    """Read the rows of a day that the sample may have: first the numbers of all keys, then the rows with the lowest."""
    assert recipe.max_rows is not None
    snapshots = {pin.table: pin.snapshot for pin in pins}
    contracts = (model.feature_contract, model.label_contract)
    features, labels = (
        open_pieces(lake, contract, days, snapshots.get(contract.table)) for contract in contracts
    )
    if features is None or labels is None:
        return _read_all(lake, model, days, pins, recipe)
    labelled = np.intersect1d(hash_all(model, features, recipe.seed), hash_all(model, labels, recipe.seed))
    if not len(labelled):
        return _read_all(lake, model, days, pins, recipe)
    limit = labelled[min(recipe.max_rows, len(labelled)) - 1]
    low = (
        keep_low(model, pieces, limit, recipe.seed).sort_by(
            [(name, "ascending") for name in contract.primary_key]
        )
        for pieces, contract in zip((features, labels), contracts, strict=True)
    )
    return Sample(join_examples(model, *low), len(labelled))


def _cut(days: Days, counts: Mapping[date, int]) -> Iterator[Days]:
    """Cut a span into shorter ones of at most PIECE rows, or of one day."""
    first, rows = days.first, 0
    for day in days.each():
        if rows and rows + counts.get(day, 0) > PIECE:
            yield Days(first=first, last=day - timedelta(days=1))
            first, rows = day, 0
        rows += counts.get(day, 0)
    yield Days(first=first, last=days.last)
