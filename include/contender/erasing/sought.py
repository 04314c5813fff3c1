"""The key of an erasure, and the rows of a file that have it, for any type of its column."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contender.specs.frozen import Frozen


class Sought(Frozen):
    """A column and the value to erase; `names` are all names that the column has had."""

    column: str
    value: str
    names: frozenset[str]

    @cached_property
    def digest(self) -> str:
        """The identifier of the key where its value must not be written: SHA-256, 32 hexadecimal digits."""
        # It is unsalted, so that a person who has the key can ask whether and when it was erased. If there are few
        # possible keys, all can be tried, so a record with this digest is as confidential as the book of record.
        return sha256(f"{self.column}={self.value}".encode()).hexdigest()[:32]

    def as_type(self, kind: pa.DataType) -> pa.Scalar | None:
        """Return the value cast to a column's type, or None if it cannot be cast."""
        try:
            return pc.cast(pa.scalar(self.value), kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None

    def column_in(self, names: Iterable[str]) -> str | None:
        """Return the column's name among these, or None."""
        return next((name for name in names if name in self.names), None)

    def matches(self, rows: pa.Table) -> pa.ChunkedArray:
        """Return for each row whether it has the key."""
        name = self.column_in(rows.column_names)
        wanted = None if name is None else self.as_type(rows.schema.field(name).type)
        if name is None or wanted is None:
            return pa.chunked_array([pa.array([False] * rows.num_rows, pa.bool_())])
        return pc.fill_null(pc.equal(rows[name], wanted), False)

    def without(self, rows: pa.Table) -> pa.Table:
        """Return the rows without the key."""
        return rows.filter(pc.invert(self.matches(rows)))

    def count_in(self, file: Any) -> int:
        """Count the rows of a Parquet file (a path or an open stream) that have the key; only its column is read."""
        parquet = pq.ParquetFile(file)
        name = self.column_in(parquet.schema_arrow.names)
        if name is None:
            return 0
        return int(pc.sum(self.matches(parquet.read(columns=[name]))).as_py() or 0)

    def is_text(self, text: str, kinds: Iterable[pa.DataType]) -> bool:
        """Return whether a raw field equals the value, as text or as one of the types that the column is read as."""
        if text.strip() == self.value:
            return True
        pairs = ((self.as_type(kind), self.model_copy(update={"value": text.strip()})) for kind in kinds)
        return any(wanted is not None and wanted == other.as_type(wanted.type) for wanted, other in pairs)
