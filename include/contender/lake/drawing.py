"""Draw rows by a hash of their keys: of a window for a fit, and of a day of many rows to measure versions on.

What is drawn depends neither on the order of rows nor on how they are split (bottom-k sampling, Cohen and Kaplan 2007).
Tables with the same keys keep the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from contender.lake.pieces import Pieces, open_pieces
from contender.lake.schema import arrow_schema
from contender.lake.tables import DayFile, Lake
from contender.specs import Contract, Days, ModelSpec

MEASURED_SEED = 0


def hash_keys(model: ModelSpec, keys: pd.DataFrame, seed: int) -> NDArray[np.uint64]:
    """Return a number for each row, by its key and a seed."""
    named = keys[list(model.row_key)]
    named.insert(0, "seed", seed)  # numbers are hashed without regard to pandas' own hash key
    return np.asarray(pd.util.hash_pandas_object(named, index=False), dtype=np.uint64)


def draw_rows(model: ModelSpec, rows: pd.DataFrame, most: int | None, seed: int) -> pd.DataFrame:
    """Return `most` rows in their order, and at least one of each day; all rows if there are no more, or it is None.

    A row that is drawn from many is also drawn from fewer.
    """
    if most is None or len(rows) <= most:
        return rows
    numbers = hash_keys(model, rows, seed)
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[np.argpartition(numbers, most - 1)[:most]] = True
    lowest = pd.Series(numbers).groupby(rows["day"].to_numpy(), sort=False).idxmin()
    chosen[lowest.to_numpy()] = True
    return rows[chosen].reset_index(drop=True)


def read_measured(
    lake: Lake, model: ModelSpec, contract: Contract, days: Days, *, snapshot: int | None = None
) -> pa.Table:
    """Read the rows of these days that versions and predictions are measured on (`read_each_measured`), by key."""
    files = lake.day_files(contract.table, days, snapshot)
    found = [rows for _, rows in read_each_measured(lake, model, contract, files, snapshot)]
    return pa.concat_tables(found) if found else arrow_schema(contract).empty_table()


def read_each_measured(
    lake: Lake,
    model: ModelSpec,
    contract: Contract,
    files: Mapping[date, DayFile],
    snapshot: int | None = None,
) -> Iterator[tuple[date, pa.Table]]:
    """Yield the rows that versions and predictions are measured on of each day, whose files are given, by key.

    These are all rows, or those of `measured_rows` keys that are drawn a piece at a time, so that memory depends on
    `measured_rows`.
    """
    small = [day for day, file in files.items() if file.rows <= model.measured_rows]
    whole = lake.read_each(contract, small, snapshot)
    for day in sorted(files):
        if files[day].rows <= model.measured_rows:
            yield next(whole)
            continue
        pieces = open_pieces(lake, contract, Days.one(day), snapshot)
        assert pieces is not None, "the day has a file"
        drawn = draw_keys(model, pieces, model.measured_rows)
        yield day, drawn.sort_by([(name, "ascending") for name in contract.primary_key])


def draw_keys(model: ModelSpec, pieces: Iterable[pa.Table], most: int) -> pa.Table:
    """Return all rows of the `most` keys with the lowest numbers, in any order. A key may have several rows."""
    parts: list[pa.Table] = []
    numbers = np.empty(0, dtype=np.uint64)
    limit: np.uint64 | None = None
    for piece in pieces:
        found = hash_keys(model, piece.select(list(model.row_key)).to_pandas(), MEASURED_SEED)
        low = np.ones(len(found), dtype=bool) if limit is None else found <= limit
        parts.append(piece.filter(pa.array(low)))
        numbers = np.concatenate([numbers, found[low]])
        known = np.unique(numbers)
        if len(known) > most:
            limit = known[most - 1]
            parts = [pa.concat_tables(parts).filter(pa.array(numbers <= limit))]
            numbers = numbers[numbers <= limit]
    return pa.concat_tables(parts)


def hash_all(model: ModelSpec, pieces: Pieces, seed: int) -> NDArray[np.uint64]:
    """Return the numbers of all rows, by reading their keys alone."""
    keys = replace(pieces, columns=model.row_key)
    return np.concatenate([hash_keys(model, piece.to_pandas(), seed) for piece in keys])


def keep_low(model: ModelSpec, pieces: Iterable[pa.Table], limit: np.uint64, seed: int) -> pa.Table:
    """Return the rows whose numbers are not above a limit, in any order."""
    return pa.concat_tables(
        piece.filter(pa.array(hash_keys(model, piece.select(list(model.row_key)).to_pandas(), seed) <= limit))
        for piece in pieces
    )


def draw_at_random(pieces: Pieces, most: int, seed: int) -> pa.Table:
    """Return at most so many rows, drawn without regard to their keys."""
    random = np.random.default_rng(seed)
    chosen = np.sort(random.choice(pieces.rows, min(pieces.rows, most), replace=False))
    parts, begin = [], 0
    for piece in pieces:
        first, last = np.searchsorted(chosen, (begin, begin + piece.num_rows))
        parts.append(piece.take(chosen[first:last] - begin))
        begin += piece.num_rows
    return pa.concat_tables(parts)
