"""Copy a book of record, as it is at one moment, into an empty one on another database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, DateTime, Table, func, insert, select

from contender.records.gates import GateResultRow
from contender.records.opening import open_engine
from contender.records.tables import Base

_ROWS = 1000  # that are held in memory


def copy_book(
    source: str, target: str, move_quarantine: Callable[[str], str] = lambda place: place
) -> dict[str, int]:
    """Copy every record between two books at the current revision, and return the number of rows by table.

    The source is read in one transaction, so that the copy is the book of one moment while others write; the target
    is written in one, so that a killed copy leaves it empty. `move_quarantine` returns the new place of a
    quarantined batch; otherwise, records are not changed.
    """
    engine = open_engine(target)
    with _at_one_moment(source) as read, engine.begin() as written:
        copied = {
            table.name: _copy_table(table, read, written, move_quarantine)
            for table in Base.metadata.sorted_tables
        }
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:  # the file may be copied without its log
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return copied


def count_records(url: str) -> int:
    """Return the number of records in a book at the current revision."""
    with open_engine(url).connect() as connection:
        return sum(
            connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        )


@contextmanager
def _at_one_moment(url: str) -> Iterator[Connection]:
    engine = open_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")  # the driver begins none for reading
        else:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection
    engine.dispose()


def _copy_table(table: Table, read: Connection, written: Connection, move: Callable[[str], str]) -> int:
    timed = [column.name for column in table.columns if isinstance(column.type, DateTime)]
    count = 0
    found = read.execution_options(yield_per=_ROWS).execute(select(table))
    for part in found.mappings().partitions():
        rows = [{**row, **{name: _in_utc(row[name]) for name in timed}} for row in part]
        if table.name == GateResultRow.__tablename__:
            rows = [{**row, "record": _move_gate(row["record"], move)} for row in rows]
        written.execute(insert(table), rows)
        count += len(rows)
    return count


def _in_utc(value: datetime | None) -> datetime | None:
    """Return a time in UTC: SQLite keeps no zone, and Postgres returns its session's."""
    if value is None:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _move_gate(record: dict[str, Any], move: Callable[[str], str]) -> dict[str, Any]:
    place = record.get("quarantine")
    return {**record, "quarantine": move(place)} if place else record
