"""Read the rows of some days a piece at a time, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.table import Table

from contender.lake import places
from contender.lake.scanning import plan_files, scan_days, whole_files
from contender.lake.tables import Lake
from contender.specs import Contract, Days

PIECE = 1 << 18  # rows


class Group(NamedTuple):
    """A row group of a Parquet file."""

    file: str
    number: int


@dataclass(frozen=True)
class Pieces:
    """The rows of some days of a table in one snapshot, in no particular order."""

    days: Days
    rows: int
    snapshot: int
    missing: frozenset[str]  # columns with a missing value in any row
    columns: tuple[str, ...]
    groups: tuple[Group, ...]
    table: pa.Table | None = None  # instead of groups, if only some rows of the files are wanted

    def __iter__(self) -> Iterator[pa.Table]:
        """Yield all rows, at most PIECE at a time."""
        if self.table is not None:
            for begin in range(0, self.table.num_rows, PIECE):
                yield self.table.slice(begin, PIECE)
        for file, number in self.groups:
            with places.open_file(file) as source:
                opened = pq.ParquetFile(source)
                for batch in opened.iter_batches(PIECE, row_groups=[number], columns=list(self.columns)):
                    yield pa.Table.from_batches([batch])

    def to_frame(self, piece: pa.Table) -> pd.DataFrame:
        """Return a piece for a pipeline, with the types that a frame of all rows would have."""
        frame: pd.DataFrame = piece.to_pandas()
        for name in self.missing:
            kind = piece.schema.field(name).type
            if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
                frame[name] = frame[name].astype("float64" if pa.types.is_integer(kind) else "object")
        return frame


@contextmanager
def open_day(lake: Lake, contract: Contract, day: date) -> Iterator[pq.ParquetFile | pa.Table]:
    """Yield a day's rows, ordered by primary key: as their file, to be read by columns, or else as a table."""
    table = lake.iceberg(contract.table)
    files = None if table is None else _plan_whole(table, contract, Days.one(day))
    if files is None or len(files) != 1:
        yield lake.read(contract, Days.one(day))
        return
    with places.open_file(files[0]) as source:
        yield pq.ParquetFile(source)


def open_pieces(lake: Lake, contract: Contract, days: Days, snapshot: int | None = None) -> Pieces | None:
    """Return the rows of these days in a snapshot (by default the newest) of a table; None if there are none."""
    table = lake.iceberg(contract.table)
    newest = None if table is None else table.current_snapshot()
    if table is None or newest is None:
        return None
    columns, snapshot = contract.column_names, snapshot or newest.snapshot_id
    files = _plan_whole(table, contract, days, snapshot)
    if files is not None:
        found = [_read_metadata(file) for file in files]
        rows, missing = sum(one.num_rows for one in found), _find_missing(found) & set(columns)
        groups = tuple(
            Group(file, number)
            for file, one in zip(files, found, strict=True)
            for number in range(one.num_row_groups)
        )
        return Pieces(days, rows, snapshot, missing, columns, groups) if rows else None
    read = lake.read(contract, days, snapshot=snapshot)
    missing = frozenset(name for name in columns if read[name].null_count)
    return Pieces(days, read.num_rows, snapshot, missing, columns, (), read) if read.num_rows else None


def _plan_whole(
    table: Table, contract: Contract, days: Days, snapshot: int | None = None
) -> list[str] | None:
    """Return the files of these days; None if some rows of theirs are deleted, or belong to other days."""
    return whole_files(plan_files(scan_days(table, days, snapshot, contract.column_names)))


def _find_missing(files: Iterable[pq.FileMetaData]) -> frozenset[str]:
    """Return the columns with a missing value in any of these files, by the statistics in them."""
    return frozenset(
        column.path_in_schema
        for file in files
        for group in range(file.num_row_groups)
        for column in map(file.row_group(group).column, range(file.num_columns))
        if (known := column.statistics) is None or not known.has_null_count or known.null_count
    )


def _read_metadata(file: str) -> pq.FileMetaData:
    with places.open_file(file) as source:
        return pq.ParquetFile(source).metadata
