"""Derive columns that a file does not have: the day and the number of a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from contender.file_formats import local_days
from contender.specs import Delivery


def derive_day(rows: pa.Table, delivery: Delivery) -> pa.Table:
    """Return the rows with the column `day`: the date of `day_of` in its zone. Without `day_of`, the same rows."""
    if delivery.day_of is None:
        return rows
    days = local_days(rows[delivery.day_of], delivery.zone_of_days)
    return rows.set_column(rows.column_names.index("day"), "day", days)


def number_rows(tables: Iterable[pa.Table], column: str, *, daily: bool) -> Iterator[pa.Table]:
    """Yield the tables with their rows numbered in their order from 1, within each day or as a whole."""
    before: Counter[object] = Counter()
    for rows in tables:
        days = rows["day"] if daily else pa.chunked_array([pa.nulls(len(rows))])
        known = days.combine_chunks().dictionary_encode(null_encoding="encode")
        names, codes = known.dictionary.to_pylist(), pd.Series(known.indices.to_numpy(zero_copy_only=False))
        offsets = np.array([before[name] for name in names], np.int64)[codes]
        numbers = pa.array(codes.groupby(codes).cumcount().to_numpy(np.int64) + offsets + 1)
        before.update(dict(zip(names, np.bincount(codes).tolist(), strict=True)))
        yield rows.set_column(rows.column_names.index(column), column, numbers)
