"""Find the delivered files and rows that have a primary key, for deliveries of several files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from contender.lake import FILE_OF_ROW, NUMBER_OF_ROW, places
from contender.records import StagedBatch
from contender.specs import Contract

_SHOWN = 3


def describe_origins(key: Mapping[str, object], contract: Contract, batch: StagedBatch) -> str:
    """Return the files and rows in which a key was delivered; empty if the batch was delivered in one file."""
    found: list[str] = []
    for file in batch.files:
        # An erasure may have removed rows since: then the two files no longer correspond.
        if file.origins is None or not places.exists(file.origins):
            continue
        rows, origins = places.read_rows(file.path, contract.primary_key), places.read_rows(file.origins)
        if rows.num_rows == origins.num_rows:
            chosen = origins.filter(_matches(rows, key)).to_pylist()
            found += [f"{row[FILE_OF_ROW]} row {row[NUMBER_OF_ROW]}" for row in chosen]
    return ", ".join(found[:_SHOWN])


def _matches(rows: pa.Table, key: Mapping[str, object]) -> pa.ChunkedArray:
    return reduce(pc.and_, (_equals(rows[name], key.get(name)) for name in rows.column_names))


def _equals(column: pa.ChunkedArray, value: object) -> pa.ChunkedArray:
    wanted = pa.scalar(value, column.type, from_pandas=True)
    return pc.is_null(column) if not wanted.is_valid else pc.fill_null(pc.equal(column, wanted), False)
