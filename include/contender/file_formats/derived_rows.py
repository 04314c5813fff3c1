"""Derive from delivered timestamps the days that their contract asks for."""

from __future__ import annotations

from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

Times = TypeVar("Times", pa.Array, pa.ChunkedArray)


def local_days(times: Times, zone: str) -> Times:
    """Return the date of each timestamp in a time zone; missing values stay missing."""
    local = pc.local_timestamp(times.cast(pa.timestamp("us", tz=zone)))
    return pc.floor_temporal(local, unit="day").cast(pa.date32())
