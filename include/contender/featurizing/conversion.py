"""Convert built columns to their declared types. Both engines' rows and labels pass here; no value changes silently.

The engines' own casts differ: to an integer, Spark truncates a fraction and DuckDB rounds it. Therefore the engines
write the types that they computed, and the values are converted here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from contender.file_formats import has_fraction, is_beyond_integers, is_inexact_number
from contender.lake.schema import arrow_type
from contender.specs import Column, ColumnType, Contract

_WHOLE_TEXT = r"^[+-]?\d{1,18}$"
_NUMBER_TEXT = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


class ConversionError(ValueError):
    """Built values do not have their column's declared type; the message has one line for each column."""


class _UnfitError(Exception):
    """Values that cannot be converted: a description, the fix, and which rows are affected (None for all)."""

    def __init__(self, what: str, fix: str, rows: pa.ChunkedArray | None = None) -> None:
        super().__init__(what)
        self.what, self.fix, self.rows = what, fix, rows


def convert_rows(rows: pa.Table, contract: Contract, function: str) -> pa.Table:
    """Return the contract's columns, converted to their declared types.

    A value that its type cannot represent raises ConversionError, with an example and a fix in `function`. Infinite
    values and NaN become missing in a nullable column.
    """
    converted, mistakes = {}, []
    for column in contract.columns:
        try:
            converted[column.name] = _convert(rows[column.name], column)
        except _UnfitError as unfit:
            fix = unfit.fix.format(
                function=function, as_number=_as_number(function, column), as_text=_as_text(function)
            )
            mistakes.append(f"{_describe(rows, contract, column, unfit)}: {fix}")
    if mistakes:
        raise ConversionError("\n".join(mistakes))
    return pa.table(converted)


def _as_number(function: str, column: Column) -> str:
    """Return how to declare that a column has fractions."""
    if function == "build_features":
        return "declare it `number`"
    of_a_weight = "" if column.name == "label" else " (for a weight: declare it `number`)"
    return f'set `predicts="quantity"` in the spec{of_a_weight}'


def _as_text(function: str) -> str:
    """Return how to declare that a column has texts."""
    return "declare it `string`" if function == "build_features" else 'set `predicts="class"` in the spec'


def _convert(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    declared = arrow_type(column.type)
    if types.is_null(values.type):
        return values.cast(declared)
    if types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if types.is_floating(values.type):
        values = _without_non_finite(values.cast(pa.float64()), column)
    try:
        return _CONVERSIONS[column.type](values)
    except pa.ArrowInvalid as error:
        raise _UnfitError(
            f"cannot be converted from {values.type} ({error})", "convert it in {function}"
        ) from error


def _without_non_finite(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    """Return the values with missing in place of infinite values and NaN, which the engines produce differently."""
    strange = pc.invert(pc.is_finite(values))
    if not pc.any(strange).as_py():
        return values
    if not column.nullable:
        _reject(
            strange,
            "is not finite",
            "return a number for such rows in {function}, or declare it `nullable=True`",
        )
    return pc.if_else(strange, pa.scalar(None, values.type), values)


def _to_integer(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if types.is_string(values.type) or types.is_large_string(values.type):
        return _parse(values, _WHOLE_TEXT, "is text that is not a whole number", pa.int64())
    if types.is_boolean(values.type) or types.is_signed_integer(values.type):
        return values.cast(pa.int64())
    if types.is_floating(values.type) or types.is_decimal(values.type):
        _reject(has_fraction(values), "has a fraction", "round it in {function}, or {as_number}")
    elif not types.is_unsigned_integer(values.type):
        raise _of_another_type(values)
    _reject(is_beyond_integers(values), "is out of the range of 64-bit integers", "{as_number}")
    return values.cast(pa.int64())


def _to_number(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if types.is_string(values.type) or types.is_large_string(values.type):
        return _parse(values, _NUMBER_TEXT, "is text that is not a number", pa.float64())
    if types.is_integer(values.type):
        fix = "declare it `integer`, or convert it with cast('double') in {function}"
        _reject(is_inexact_number(values), "has more digits than a number can hold", fix)
        return values.cast(pa.float64(), safe=False)
    if types.is_decimal(values.type):
        # Arrow's direct conversion may be wrong in the last digit.
        values = values.cast(pa.string())
    elif not types.is_floating(values.type) and not types.is_boolean(values.type):
        raise _of_another_type(values)
    return values.cast(pa.float64())


def _to_boolean(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if types.is_boolean(values.type):
        return values
    if not types.is_integer(values.type) and not types.is_floating(values.type):
        raise _of_another_type(values)
    other = pc.and_(pc.not_equal(values, 0), pc.not_equal(values, 1))
    _reject(other, "is neither 0 nor 1", "write a condition in {function}")
    return pc.equal(values, 1)


def _to_string(values: pa.ChunkedArray) -> pa.ChunkedArray:
    kept = (types.is_string, types.is_large_string, types.is_integer, types.is_boolean, types.is_date32)
    if not any(test(values.type) for test in kept):
        raise _of_another_type(values)
    return values.cast(pa.string())


def _to_date(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if types.is_timestamp(values.type):
        moments = _in_utc(values)
        later = pc.not_equal(pc.floor_temporal(moments, unit="day"), moments)
        _reject(later, "has a time of day", "use to_date in {function}, or declare it `timestamp`")
        return moments.cast(pa.date32())
    if types.is_string(values.type) or types.is_large_string(values.type):
        _reject(
            _without_form(values, r"^\d{4}-\d{2}-\d{2}$"),
            "is text that is not a date",
            "use to_date in {function}",
        )
    elif not types.is_date(values.type):
        raise _of_another_type(values)
    return values.cast(pa.date32())


def _to_timestamp(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if not types.is_timestamp(values.type) and not types.is_date(values.type):
        raise _of_another_type(values)
    return _in_utc(values)


_CONVERSIONS: Mapping[ColumnType, Callable[[pa.ChunkedArray], pa.ChunkedArray]] = {
    "string": _to_string,
    "integer": _to_integer,
    "number": _to_number,
    "boolean": _to_boolean,
    "date": _to_date,
    "timestamp": _to_timestamp,
}


def _in_utc(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return timestamps in UTC; those without a zone are in the sessions' zone, which is UTC."""
    return values.cast(arrow_type("timestamp"))


def _parse(values: pa.ChunkedArray, form: str, what: str, wanted: pa.DataType) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(values.cast(pa.string()))
    _reject(_without_form(trimmed, form), what, "convert it in {function}, or {as_text}")
    return pc.utf8_ltrim(trimmed, "+").cast(wanted)


def _without_form(values: pa.ChunkedArray, form: str) -> pa.ChunkedArray:
    return pc.invert(pc.match_substring_regex(values, form))


def _reject(rows: pa.ChunkedArray, what: str, fix: str) -> None:
    """Raise _UnfitError if any row is true; missing values are not."""
    if pc.any(rows).as_py():
        raise _UnfitError(what, fix, rows)


def _of_another_type(values: pa.ChunkedArray) -> _UnfitError:
    return _UnfitError(f"has the type {values.type}", "convert it in {function}, or declare another type")


def _describe(rows: pa.Table, contract: Contract, column: Column, unfit: _UnfitError) -> str:
    """Return table, column, the number of affected rows, and the first of them by primary key."""
    place = f"{contract.table}: column {column.name!r}, declared as {column.type}, {unfit.what}"
    if unfit.rows is None:
        return place
    affected = rows.filter(unfit.rows)
    first = (
        affected.sort_by([(name, "ascending") for name in contract.primary_key]).slice(0, 1).to_pylist()[0]
    )
    shown = {c.name: "***" if c.pii else _shown(first[c.name]) for c in contract.columns}
    key = ", ".join(f"{name}={shown[name]}" for name in contract.primary_key)
    of_all = f"{affected.num_rows:,} of {rows.num_rows:,} rows"
    return f"{place} in {of_all}, such as {shown[column.name]} in the row {key}"


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)
