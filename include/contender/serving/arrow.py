"""Requests and answers as Arrow streams, with the same rules as JSON.

A stream is read only if its size bounds what it needs in memory: plain columns, not compressed, and not too many rows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from contender.lake.schema import arrow_schema, arrow_type
from contender.serving.answering import COLD, Answered, list_scores
from contender.serving.requests import FORMS, Asked, BadRequest, Defect, describe_allowed, shorten
from contender.specs import Column, ColumnType, ModelSpec

ARROW = "application/vnd.apache.arrow.stream"
MOST_ROWS = 100_000
_LARGEST_INTEGER = pa.scalar(2**63 - 1, pa.uint64())
_DAY = Column(name="day", type="date", description="the day of the rows")
_SLOT_OF_HEADER, _SLOT_OF_COMPRESSION = 2, 3


class _Bad(NamedTuple):
    row: int
    defect: Defect


def read_stream(model: ModelSpec, body: bytes) -> Asked:
    """Return a valid request: features, or the columns `day` and keys. Raises BadRequest, as for JSON."""
    table = _read(body)
    by_key = _DAY.name in table.column_names
    columns = (_DAY, *model.keys) if by_key else model.features
    if defects := list(_find_strange(table, columns)):
        raise BadRequest(422, *defects)
    if table.num_rows == 0:
        raise BadRequest(422, Defect(problem=f"no rows: {FORMS}"))
    if bad := [found for column in columns for found in _find_bad(table[column.name], column)]:
        first = min(found.row for found in bad)
        raise BadRequest(422, *(found.defect for found in bad if found.row == first))
    rows = _cast(table, columns)
    if not by_key:
        return Asked(rows=rows)
    days = pc.unique(rows[_DAY.name]).to_pylist()
    if len(days) > 1:
        raise BadRequest(422, Defect(field="day", problem="several days: send a request for each"))
    return Asked(day=days[0], keys=rows.drop_columns([_DAY.name]).to_pylist())


def write_stream(answered: Answered) -> bytes:
    """Return an answer: the day and keys of a request by key, then the scores. What JSON says about it is metadata."""
    model, asked = answered.version.model, answered.asked
    schema = arrow_schema(model.prediction_contract)
    columns = {name: pa.array(scores, pa.float64()) for name, scores in list_scores(answered).items()}
    if asked.day is not None:
        rows, cold = len(asked.keys), set(answered.cold_rows)
        keys = [column.name for column in model.keys]
        given = {key: pa.array([row[key] for row in asked.keys], schema.field(key).type) for key in keys}
        columns = {"day": pa.repeat(pa.scalar(asked.day, pa.date32()), rows), **given, **columns}
        if model.serving.cold_start is not None:
            columns[COLD] = pa.array([row in cold for row in range(rows)])
    about = {
        "model": model.name,
        "model_version": str(answered.version.number),
        "role": answered.role,
    }
    if answered.snapshot is not None:
        about["feature_snapshot"] = str(answered.snapshot)
    table = pa.table(columns).replace_schema_metadata(about)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def _read(body: bytes) -> pa.Table:
    try:
        compressed = any(map(_is_compressed, pa.ipc.MessageReader.open_stream(body)))
        if compressed:
            raise BadRequest(422, Defect(problem="the stream is compressed: send it uncompressed"))
        with pa.ipc.open_stream(body) as stream:
            if nested := [f.name for f in stream.schema if not _is_plain(f.type)]:
                kind = str(stream.schema.field(nested[0]).type)
                problem = "unknown type of a column: send plain values"
                raise BadRequest(422, Defect(field=shorten(nested[0]), value=shorten(kind), problem=problem))
            table = stream.read_all()
        table.validate(full=True)
    except (pa.ArrowException, struct.error, OSError, ValueError) as error:
        problem = f"the body is not an Arrow stream: {shorten(str(error))}"
        raise BadRequest(400, Defect(problem=problem)) from None
    if table.num_rows > MOST_ROWS:
        raise BadRequest(413, Defect(problem=f"more than {MOST_ROWS} rows: send fewer rows"))
    return table


def _is_plain(kind: pa.DataType) -> bool:
    return pa.types.is_primitive(kind) or any(
        is_kind(kind) for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_null)
    )


def _is_compressed(message: pa.ipc.Message) -> bool:
    """Return whether a record batch is compressed, from its metadata: a FlatBuffer that pyarrow has verified."""
    if message.type != "record batch":
        return False
    content = message.metadata.to_pybytes()
    root = _table_at(content, 0, _SLOT_OF_HEADER)
    return root is not None and _field(content, _follow(content, root), _SLOT_OF_COMPRESSION) is not None


def _table_at(content: bytes, place: int, slot: int) -> int | None:
    return _field(content, _follow(content, place), slot)


def _follow(content: bytes, place: int) -> int:
    (offset,) = struct.unpack_from("<I", content, place)
    return int(place + offset)


def _field(content: bytes, table: int, slot: int) -> int | None:
    """Return the place of a field of a FlatBuffer's table, or None if it is absent."""
    (back,) = struct.unpack_from("<i", content, table)
    layout = table - back
    (size,) = struct.unpack_from("<H", content, layout)
    if 4 + 2 * slot >= size:
        return None
    (offset,) = struct.unpack_from("<H", content, layout + 4 + 2 * slot)
    return table + offset if offset else None


def _find_strange(table: pa.Table, columns: Sequence[Column]) -> Iterator[Defect]:
    """Yield what is wrong with the columns: unknown, missing, repeated, or of another type."""
    known = {column.name: column for column in columns}
    names = table.column_names
    for name in dict.fromkeys(names):
        if name not in known:
            yield Defect(field=shorten(name), problem="unknown field", allowed=", ".join(known))
        elif names.count(name) > 1:
            yield Defect(field=name, problem="the field is there twice")
        elif not _fits(table.schema.field(name).type, known[name].type):
            kind, allowed = str(table.schema.field(name).type), describe_allowed(known[name])
            yield Defect(field=name, value=shorten(kind), problem="the type is not allowed", allowed=allowed)
    for name, column in known.items():
        if name not in names:
            yield Defect(field=name, problem="the field is missing", allowed=describe_allowed(column))


def _fits(kind: pa.DataType, wanted: ColumnType) -> bool:
    types = pa.types
    if types.is_null(kind):
        return True
    fits: dict[ColumnType, bool] = {
        "string": types.is_string(kind) or types.is_large_string(kind),
        "integer": types.is_integer(kind),
        "number": types.is_floating(kind) or types.is_integer(kind),
        "boolean": types.is_boolean(kind),
        "date": types.is_date32(kind),
        "timestamp": types.is_timestamp(kind) and kind.tz is not None,
    }
    return fits[wanted]


def _find_bad(values: pa.ChunkedArray, column: Column) -> Iterator[_Bad]:
    """Yield the first value of a column that is not allowed: missing, not finite, or too large."""
    bad = pc.is_null(values)
    if column.nullable:
        bad = pa.chunked_array([pa.nulls(len(values), pa.bool_()).fill_null(False)])
    if pa.types.is_floating(values.type):
        bad = pc.or_(bad, pc.fill_null(pc.invert(pc.is_finite(values)), False))
    if pa.types.is_uint64(values.type):
        bad = pc.or_(bad, pc.fill_null(pc.greater(values, _LARGEST_INTEGER), False))
    row = pc.index(bad, True).as_py()
    if row >= 0:
        value = shorten(values[row].as_py())
        problem, allowed = "the value is not allowed", describe_allowed(column)
        defect = Defect(row=row, field=column.name, value=value, problem=problem, allowed=allowed)
        yield _Bad(row, defect)


def _cast(table: pa.Table, columns: Sequence[Column]) -> pa.Table:
    cast = {}
    for column in columns:
        try:
            cast[column.name] = table[column.name].cast(arrow_type(column.type))
        except pa.ArrowInvalid as error:
            allowed = describe_allowed(column)
            defect = Defect(
                field=column.name, problem=f"the values are not allowed: {error}", allowed=allowed
            )
            raise BadRequest(422, defect) from None
    return pa.table(cast)
