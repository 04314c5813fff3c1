"""Derive columns that a file does not have, and drop rows that repeat others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from contender.file_formats import find_distinct, local_days
from contender.specs import Delivery


def derive_day(rows: pa.Table, delivery: Delivery) -> pa.Table:
    """Return the rows with the column `day`: the date of `day_of` in its zone. Without `day_of`, the same rows."""
    if delivery.day_of is None:
        return rows
    days = local_days(rows[delivery.day_of], delivery.zone_of_days)
    return rows.set_column(rows.column_names.index("day"), "day", days)


def number_rows(rows: pa.Table, column: str, *, daily: bool) -> pa.Table:
    """Return the rows, numbered in their order from 1, within each day or as a whole."""
    if daily:
        days = rows["day"].cast(pa.int32()).to_pandas()
        numbers = pa.array(days.groupby(days, dropna=False).cumcount() + 1, pa.int64())
    else:
        numbers = pa.array(np.arange(1, rows.num_rows + 1))
    return rows.set_column(rows.column_names.index(column), column, numbers)


def drop_identical(rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Return the first of all rows that are equal in these columns, in their order; missing values are equal."""
    return rows.take(find_distinct(rows.select(list(columns))))
