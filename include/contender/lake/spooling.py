"""Keep many rows out of memory: a spool holds few rows itself, and writes more into Parquet files of a local folder.

Large spools are sorted and compared by DuckDB, which writes into the same folder what exceeds its share of memory.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contender.lake import places

MOST_BYTES = 256 << 20  # that a spool holds in memory
PIECE = 1 << 17  # rows that are read from a file at once
_DUCKDB_MEMORY = "512MB"
_DUCKDB_THREADS = 4  # each needs its part of the memory
_POSITION = "position in the delivery"  # no column of a contract has such a name


class RepeatedKeyError(Exception):
    """Two rows have the same key."""


class SpooledRows:
    """Rows of one schema, in the order in which they were added."""

    def __init__(self, schema: pa.Schema, folder: Path) -> None:
        self.schema = schema
        self.num_rows = 0
        self.folder = folder
        self._files: list[Path] = []
        self._newest: list[pa.Table] = []
        self._bytes = 0  # of `_newest`

    def add(self, rows: pa.Table) -> None:
        """Append rows of the spool's schema."""
        self._newest.append(rows)
        self.num_rows += rows.num_rows
        self._bytes += rows.nbytes
        if self._bytes > MOST_BYTES:
            self._spill()

    def extend(self, other: SpooledRows) -> None:
        """Append all rows of another spool in the same folder; its files are used as they are."""
        if other._files:
            self._spill()
            self._files += other._files
            self.num_rows += sum(pq.read_metadata(file).num_rows for file in other._files)
        for rows in other._newest:
            self.add(rows)

    def beside(self, tables: Iterable[pa.Table] = ()) -> SpooledRows:
        """Return another spool of the same schema in the same folder, with the rows of these tables."""
        other = SpooledRows(self.schema, self.folder)
        for rows in tables:
            other.add(rows)
        return other

    def __iter__(self) -> Iterator[pa.Table]:
        """Yield all rows, some at a time."""
        for file in self._files:
            for batch in pq.ParquetFile(file).iter_batches(PIECE):
                yield pa.Table.from_batches([batch]).cast(self.schema)
        yield from self._newest

    def slabs(self) -> Iterator[pa.Table]:
        """Yield all rows in tables for `places.write_tables`."""
        return in_slabs(self, places.ROWS_OF_GROUP)

    def to_table(self) -> pa.Table:
        """Return all rows in memory."""
        return pa.concat_tables([self.schema.empty_table(), *self])

    def in_order(self, by: Sequence[str]) -> Iterator[pa.Table]:
        """Yield all rows in ascending order of some columns, missing values last."""
        if not self._files:
            rows = self.to_table()
            yield rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in by]))
            return
        yield from self._query(f"FROM rows ORDER BY {', '.join(f'{_quote(name)} NULLS LAST' for name in by)}")

    def in_order_of_key(self, key: Sequence[str], rest: Sequence[str]) -> Iterator[pa.Table]:
        """Yield all rows in the order of a key, then of the other columns.

        Many rows are sorted by the key alone, which takes half the time. Raises RepeatedKeyError, also after some rows,
        if the other columns matter.
        """
        if not self._files:
            yield from self.in_order([*key, *rest])
            return
        last: pa.Table | None = None
        for rows in self.in_order(key):
            keys = rows.select(list(key))
            if _repeats(keys if last is None else pa.concat_tables([last, keys])):
                raise RepeatedKeyError
            last = keys.slice(len(keys) - 1)
            yield rows

    def distinct(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield the first of all rows that are equal in some columns, in their order; missing values are equal."""
        if not self._files:
            rows = self.to_table()
            yield rows.take(find_distinct(rows.select(list(columns))))
            return
        numbered = SpooledRows(self.schema.append(pa.field(_POSITION, pa.int64())), self.folder)
        for rows in self:
            begin = numbered.num_rows
            numbered.add(
                rows.append_column(
                    numbered.schema.field(_POSITION), pa.array(np.arange(begin, begin + len(rows)))
                )
            )
        numbered._spill()
        position, same = _quote(_POSITION), ", ".join(map(_quote, columns))
        found = f"SELECT min({position}) FROM rows GROUP BY {same}"  # noqa: S608 - quoted names
        for rows in numbered._query(f"FROM rows WHERE {position} IN ({found}) ORDER BY {position}"):
            yield rows.drop_columns([_POSITION])

    def _spill(self) -> None:
        """Move the rows in memory into a file."""
        if any(rows.num_rows for rows in self._newest):
            file = self.folder / f"{uuid.uuid4().hex}.parquet"
            # Dictionaries and statistics would take longer than all the rest.
            with pq.ParquetWriter(
                file, self.schema, compression="lz4", use_dictionary=False, write_statistics=False
            ) as writer:
                for rows in self._newest:
                    writer.write_table(rows, row_group_size=PIECE)
            self._files.append(file)
        self._newest, self._bytes = [], 0

    def _query(self, sql: str) -> Iterator[pa.Table]:
        """Yield the result of a query on `rows`, which are all in files."""
        import duckdb

        self._spill()
        spill = self.folder / uuid.uuid4().hex
        limits: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _DUCKDB_MEMORY,
            "threads": min(_DUCKDB_THREADS, os.cpu_count() or 1),
            "temp_directory": str(spill),
        }
        with duckdb.connect(config=limits) as database:
            database.execute("SET enable_progress_bar = false")
            database.read_parquet([str(file) for file in self._files]).create_view("rows")
            for batch in database.sql(sql).to_arrow_reader(PIECE):
                yield pa.Table.from_batches([batch]).cast(self.schema)


def in_slabs(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield the rows of tables in tables of so many rows, each in one piece of memory; the last has the rest.

    Tables without rows yield one table without rows.
    """
    waiting: list[pa.Table] = []
    yielded = False
    for table in tables:
        waiting.append(table)
        while sum(map(len, waiting)) >= rows:
            together = pa.concat_tables(waiting)
            slab, waiting, yielded = together.slice(0, rows).combine_chunks(), [together.slice(rows)], True
            del together  # holds the slab's memory a second time
            yield slab
            del slab
    if waiting and (not yielded or any(map(len, waiting))):
        yield pa.concat_tables(waiting).combine_chunks()


def find_distinct(rows: pa.Table) -> pa.Array:
    """Return the positions of the first of all rows that are equal, in their order; missing values are equal."""
    counted = rows.append_column(_POSITION, pa.array(np.arange(rows.num_rows)))
    first = counted.group_by(rows.column_names, use_threads=False).aggregate([(_POSITION, "min")])
    return first[f"{_POSITION}_min"].combine_chunks().sort()


def _repeats(keys: pa.Table) -> bool:
    """Return whether two adjacent rows are equal; missing values are equal."""
    equal: pa.ChunkedArray | None = None
    for column in keys.combine_chunks().columns:
        one, other = column.slice(1), column.slice(0, len(column) - 1)
        same = pc.fill_null(pc.equal(one, other), False)
        if column.null_count:
            same = pc.or_(same, pc.and_(pc.is_null(one), pc.is_null(other)))
        equal = same if equal is None else pc.and_(equal, same)
    return bool(pc.any(equal).as_py())


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
