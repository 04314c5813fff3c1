"""Read a Parquet file, and cast its columns to other types without changing a value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contender.file_formats.exact_numbers import is_beyond_integers, is_inexact_number
from contender.file_formats.plain_text import UnreadableFile
from contender.file_formats.values import find_unfit, to_plain, to_utc
from contender.landing import RawFile
from contender.records import Defect
from contender.specs import JsonLines, Parquet


def read_parquet(raw: RawFile, rows: int) -> tuple[list[str], Iterator[pa.Table]]:
    """Return the names of the file's columns, and its rows, so many at a time, in the types that it declares.

    There is at least one table. Raises UnreadableFile, also while the rows are read.
    """
    with _readable(raw):
        file = pq.ParquetFile(raw.copy_path)
        names = file.schema_arrow.names
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise pa.ArrowInvalid(f"the column {repeated[0]!a} occurs twice")
    return names, _tables(raw, file, rows)


def _tables(raw: RawFile, file: pq.ParquetFile, rows: int) -> Iterator[pa.Table]:
    with file, _readable(raw):
        if not file.metadata.num_rows:
            yield file.schema_arrow.empty_table()
        for batch in file.iter_batches(rows):
            yield pa.Table.from_batches([batch])


@contextmanager
def _readable(raw: RawFile) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise UnreadableFile(
            Defect(
                what=f"it is not a Parquet file: {str(error).partition(chr(10))[0][:200]}",
                where=raw.name,
                way_out="deliver it as Parquet, or declare its format in `delivery.format`",
            )
        ) from None


def cast_exactly(values: pa.Array, wanted: pa.DataType, form: Parquet) -> tuple[pa.Array, pa.Array]:
    """Return the values in the wanted type, and for each whether it would have changed, in which case it is missing.

    Raises pyarrow.ArrowInvalid or ArrowNotImplementedError if the type cannot be cast at all.
    """
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
        values = pc.cast(values, pa.string())
    if pa.types.is_timestamp(values.type) and pa.types.is_timestamp(wanted) and values.type.tz is None:
        if form.zone is None:
            raise pa.ArrowInvalid("timestamps without a time zone: declare `zone` in `delivery.format`")
        values = to_utc(values, form.zone)
    if pa.types.is_string(values.type):
        if pa.types.is_timestamp(wanted):
            values = to_plain(values, "timestamp", JsonLines(zone=form.zone))
        changed = pc.is_in(values, find_unfit(values, wanted))
        return pc.cast(pc.if_else(changed, pa.scalar(None, pa.string()), values), wanted), changed
    if pa.types.is_string(wanted) and not pa.types.is_binary(values.type):
        return pc.cast(values, wanted), pa.array([False] * len(values))
    if _is_number(values.type) and pa.types.is_temporal(wanted):
        raise pa.ArrowInvalid("numbers do not say what they count, and from when")
    if pa.types.is_temporal(values.type) and _is_number(wanted):
        raise pa.ArrowInvalid("dates and times are not numbers")
    found = pc.cast(values, wanted, safe=False)
    changed = pc.fill_null(_is_changed(values, found), False)
    return pc.if_else(changed, pa.scalar(None, wanted), found), changed


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_changed(values: pa.Array, found: pa.Array) -> pa.Array:
    """Return which values differ from what they were converted to."""
    if pa.types.is_integer(values.type) and pa.types.is_integer(found.type):
        return is_beyond_integers(values)
    if pa.types.is_integer(values.type) and pa.types.is_floating(found.type):
        return is_inexact_number(values)
    changed = pc.not_equal(pc.cast(found, values.type, safe=False), values)
    if pa.types.is_floating(values.type):
        return pc.or_(changed, pc.invert(pc.is_finite(values)))
    return changed
