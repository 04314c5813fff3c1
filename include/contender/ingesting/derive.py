"""Derive columns that a file does not have, and drop rows that repeat others."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from contender.specs import Delivery

_POSITION = "position in the delivery"  # no column of a contract has such a name


def derive_day(rows: pa.Table, delivery: Delivery) -> pa.Table:
    """Return the rows with the column `day`: the date of `day_of` in its zone. Without `day_of`, the same rows."""
    if delivery.day_of is None:
        return rows
    local = pc.local_timestamp(rows[delivery.day_of].cast(pa.timestamp("us", tz=delivery.zone_of_days)))
    days = pc.floor_temporal(local, unit="day").cast(pa.date32())
    return rows.set_column(rows.column_names.index("day"), "day", days)


def number_rows(rows: pa.Table, column: str, *, daily: bool) -> pa.Table:
    """Return the rows, numbered in their order from 1, within each day or as a whole."""
    if daily:
        days = rows["day"].cast(pa.int32()).to_pandas()
        numbers = pa.array(days.groupby(days, dropna=False).cumcount() + 1, pa.int64())
    else:
        numbers = pa.array(range(1, rows.num_rows + 1), pa.int64())
    return rows.set_column(rows.column_names.index(column), column, numbers)


def drop_identical(rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Return the first of all rows that are equal in these columns, in their order; missing values are equal."""
    counted = rows.select(list(columns)).append_column(_POSITION, pa.array(range(rows.num_rows), pa.int64()))
    first = counted.group_by(list(columns), use_threads=False).aggregate([(_POSITION, "min")])
    return rows.take(first[f"{_POSITION}_min"].sort())
