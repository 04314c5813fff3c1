"""Profile a day: quantiles of numbers, counts of categories, and counts of missing values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contender.profiles.quantiles import encode
from contender.records import ColumnProfile, DayProfile, profile_id
from contender.specs import Column, Contract

MANY_VALUES = 200
_DAY = 24 * 60 * 60 * 1_000_000  # in microseconds


def profile(contract: Contract, day: date, digest: str, rows: pa.Table | pq.ParquetFile) -> DayProfile:
    """Return the profile of a day's rows, which have the contract's columns and are ordered by the primary key.

    A file is read column by column.
    """
    size = rows.num_rows if isinstance(rows, pa.Table) else rows.metadata.num_rows
    columns, digests = {}, {}
    for column in contract.columns:
        if column.name == "day":
            continue
        values = _values(rows, column.name)
        digests[column.name] = _digest(values)
        if column.type != "date":
            columns[column.name] = _profile_column(column, values)
    return DayProfile(
        id=profile_id(contract.table, day, digest),
        table=contract.table,
        day=day,
        rows=size,
        columns=columns,
        content=_fingerprint(size, digests),
    )


def _values(rows: pa.Table | pq.ParquetFile, name: str) -> pa.Array:
    table = rows if isinstance(rows, pa.Table) else rows.read(columns=[name])
    return table[name].combine_chunks()


def _digest(values: pa.Array) -> bytes:
    """Return a digest of a column's values; of timestamps, only the time of day counts."""
    if pa.types.is_timestamp(values.type):
        values = pc.cast(pc.cast(values, pa.timestamp("us")), pa.int64())
        values = pc.subtract(values, pc.multiply(pc.divide(values, _DAY), _DAY))
    if pa.types.is_large_string(values.type):
        values = pc.cast(values, pa.string())
    missing = pc.cast(pc.is_null(values), pa.int8())
    # What lies under a missing value is not defined, and neither are the last bits of packed booleans.
    known = pc.cast(values, pa.int8()) if pa.types.is_boolean(values.type) else values
    nothing = pa.scalar("") if pa.types.is_string(known.type) else pa.scalar(0, pa.int32()).cast(known.type)
    known = pc.fill_null(known, nothing)
    part = pa.record_batch([missing, known], names=["missing", "known"])
    return sha256(part.serialize()).digest()


def _fingerprint(rows: int, digests: Mapping[str, bytes]) -> str:
    named = "\n".join(f"{name} {digest.hex()}" for name, digest in sorted(digests.items()))
    return sha256(f"{rows}\n{named}".encode()).hexdigest()


def _profile_column(column: Column, values: pa.Array) -> ColumnProfile:
    known, size = values.drop_null(), {"rows": len(values), "nulls": values.null_count}
    match column.type:
        case "integer" | "number":
            return ColumnProfile(**size, sketch=_sketch(known))
        case "timestamp":
            # The time of day reveals a shifted time zone; the date differs every day.
            seconds = pc.add(pc.multiply(pc.hour(known), 3600), pc.multiply(pc.minute(known), 60))
            return ColumnProfile(**size, sketch=_sketch(seconds))
    return ColumnProfile(**size, counts=None if column.pii else _counts(known))


def _sketch(values: pa.Array) -> str:
    # Integers beyond 2^53 are rounded, far below the sketch's own error.
    return encode(pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False))


def _counts(values: pa.Array) -> dict[str, int] | None:
    counted = pc.value_counts(pc.cast(values, pa.string()))
    if len(counted) > MANY_VALUES:
        return None
    return {str(entry["values"]): int(entry["counts"]) for entry in counted.to_pylist()}
