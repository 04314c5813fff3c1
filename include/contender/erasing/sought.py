"""A person's key, and the rows of a file that have it, whatever type the file gives its column."""

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
    """Rows with this value in this column; `names` are all that the column was ever called."""

    column: str
    value: str
    names: frozenset[str]

    @cached_property
    def digest(self) -> str:
        """What stands for the key where it must not be written: SHA-256, 32 hexadecimal digits."""
        # Unsalted, so that "was this key erased, and when?" can be answered to whoever brings the key. Few
        # possible keys can all be tried, so a record with this in it is as confidential as the book itself.
        return sha256(f"{self.column}={self.value}".encode()).hexdigest()[:32]

    def as_type(self, kind: pa.DataType) -> pa.Scalar | None:
        """The value as a column of that type would hold it; None when it cannot."""
        try:
            return pc.cast(pa.scalar(self.value), kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None

    def column_in(self, names: Iterable[str]) -> str | None:
        """What the column is called among these; None when it is not there."""
        return next((name for name in names if name in self.names), None)

    def matches(self, rows: pa.Table) -> pa.ChunkedArray:
        """For each row whether it has the key."""
        name = self.column_in(rows.column_names)
        wanted = None if name is None else self.as_type(rows.schema.field(name).type)
        if name is None or wanted is None:
            return pa.chunked_array([pa.array([False] * rows.num_rows, pa.bool_())])
        return pc.fill_null(pc.equal(rows[name], wanted), False)

    def without(self, rows: pa.Table) -> pa.Table:
        """The rows that do not have the key."""
        return rows.filter(pc.invert(self.matches(rows)))

    def count_in(self, file: Any) -> int:
        """How many rows of a Parquet file (a path or an open stream) have the key; only its column is read."""
        parquet = pq.ParquetFile(file)
        name = self.column_in(parquet.schema_arrow.names)
        if name is None:
            return 0
        return int(pc.sum(self.matches(parquet.read(columns=[name]))).as_py() or 0)

    def is_text(self, text: str, kinds: Iterable[pa.DataType]) -> bool:
        """Whether a field of a raw file is the value, as text or as one of the types the column is read as."""
        if text.strip() == self.value:
            return True
        pairs = ((self.as_type(kind), self.model_copy(update={"value": text.strip()})) for kind in kinds)
        return any(wanted is not None and wanted == other.as_type(wanted.type) for wanted, other in pairs)
