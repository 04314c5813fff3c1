"""Read a day's rows from a database, as a raw file like one of the landing zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Date, Result, bindparam, create_engine, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from contender.landing import LandingError, NotDelivered, RawFile, describe_file
from contender.redaction import redact
from contender.specs import Query

# Returns the SQLAlchemy URL of a connection's name.
Connect = Callable[[str], str]

_ROWS = 50_000


def refuse_connections(name: str) -> str:
    """Raise LandingError: the connections of a query are known to Airflow alone."""
    raise LandingError(f"the connection {name!r} is an Airflow connection: run the dataset's ingest DAG")


def fetch_rows(query: Query, day: date | None, connect: Connect, into: Path) -> RawFile:
    """Store the query's rows of a day as a Parquet file in `into`; `day` is None for a reference table.

    Rows are streamed in parts. Raises NotDelivered if there are none or the database cannot be reached, and
    LandingError if the query fails or returns values that no column of a table can hold.
    """
    where = f"the query on connection {query.connection!r}"
    try:
        engine = create_engine(connect(query.connection), poolclass=NullPool)
    except (ArgumentError, ValueError, ModuleNotFoundError) as error:  # ValueError: the port is not a number
        raise LandingError(
            f"{where} cannot be run: {_first_line(error)}: correct the connection, or install its driver"
        ) from None
    statement = text(query.sql) if day is None else text(query.sql).bindparams(bindparam("day", day, Date))
    try:
        with engine.connect().execution_options(stream_results=True, yield_per=_ROWS) as connection:
            rows = _to_table(connection.execute(statement), where)
    except (OperationalError, InterfaceError) as error:
        raise NotDelivered(f"{where} cannot be run now: {_first_line(error)}") from None
    except SQLAlchemyError as error:
        raise LandingError(f"{where} fails: {_first_line(error)}: correct its `sql`") from None
    finally:
        engine.dispose()
    if not rows.num_rows:
        raise NotDelivered(f"{where} returns no rows{'' if day is None else f' of {day}'} yet")
    file = into / f"{query.connection}-{day or 'all'}.parquet"
    pq.write_table(rows, file)
    return describe_file(file, file.name, where)


def sample_query(query: Query, connect: Connect, into: Path, rows: int) -> pa.Table:
    """Return the first rows of a query without `:day`, in the types of the database's columns.

    SQLite, which has no type for dates and times, returns them as texts. Raises like `fetch_rows`.
    """
    some = query.model_copy(update={"sql": f"select * from ({query.sql}) as query_rows limit {rows}"})  # noqa: S608
    return pq.read_table(fetch_rows(some, None, connect, into).copy_path)


def _to_table(result: Result[tuple[object, ...]], where: str) -> pa.Table:
    names = list(result.keys())
    parts = [
        pa.table(
            {
                name: _to_array(name, values, where)
                for name, values in zip(names, zip(*part, strict=True), strict=True)
            }
        )
        for part in result.partitions(_ROWS)  # without a number, a part is a single row
    ]
    if not parts:
        return pa.table({name: pa.nulls(0) for name in names})
    try:
        return pa.concat_tables(parts, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:  # parts of the rows have other types than the first
        raise LandingError(
            f"{where} returns different types in a column: cast it in `sql` ({error})"
        ) from None


def _to_array(name: str, values: tuple[object, ...], where: str) -> pa.Array:
    try:
        return pa.array([str(value) if isinstance(value, UUID) else value for value in values])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        kinds = sorted({type(value).__name__ for value in values if value is not None})
        raise LandingError(
            f"{where} returns {' and '.join(kinds)} in column {name}: cast it in `sql` ({error})"
        ) from None


def _first_line(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return redact(str(cause).strip().partition("\n")[0])
