"""Derive from delivered rows what their contract asks for: local days, and rows without repetitions."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Times = TypeVar("Times", pa.Array, pa.ChunkedArray)

_POSITION = "position in the delivery"  # no column of a contract has such a name


def local_days(times: Times, zone: str) -> Times:
    """Return the date of each timestamp in a time zone; missing values stay missing."""
    local = pc.local_timestamp(times.cast(pa.timestamp("us", tz=zone)))
    return pc.floor_temporal(local, unit="day").cast(pa.date32())


def find_distinct(rows: pa.Table) -> pa.Array:
    """Return the positions of the first of all rows that are equal, in their order; missing values are equal."""
    counted = rows.append_column(_POSITION, pa.array(np.arange(rows.num_rows)))
    first = counted.group_by(rows.column_names, use_threads=False).aggregate([(_POSITION, "min")])
    return first[f"{_POSITION}_min"].combine_chunks().sort()
