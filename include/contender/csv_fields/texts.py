"""Parse a CSV file into texts, and find the texts that do not fit a type."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from math import isfinite

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from contender.landing import RawFile
from contender.records import Defect

MISSING = ["", "NA"]
_HEXADECIMAL = r"^[+-]?0[xX]"
_LEADING_ZERO = r"^[+-]?0[0-9]"
_LONG = r"^[+-]?[0-9]{16,}$"  # whole numbers that a floating-point number may not hold exactly


def why_no_csv(raw: RawFile, error: csv.Error | pa.ArrowInvalid) -> Defect:
    """Return the defect for a parser error."""
    why = _explain(error) if isinstance(error, pa.ArrowInvalid) else str(error)
    return Defect(
        what=f"it is not a CSV file: {why}", where=raw.name, way_out="quote fields according to RFC 4180"
    )


def _explain(error: pa.ArrowInvalid) -> str:
    text = str(error)
    return "a line is longer than a megabyte" if "straddl" in text else text.partition("\n")[0][:200]


def judge_names(raw: RawFile, header: Sequence[str]) -> Defect | None:
    """Return the defect of a header with duplicate columns, or None."""
    if repeated := sorted({name for name in header if list(header).count(name) > 1}):
        return Defect(
            what=f"the column {repeated[0]!a} occurs twice",
            where=f"{raw.name}, line 1",
            way_out="deliver each column once",
        )
    return None


def read_texts(raw: RawFile, header: Sequence[str]) -> tuple[pa.Table, list[pacsv.InvalidRow]]:
    """Return all lines below the header as texts, and the lines skipped for a wrong number of fields.

    Empty fields and `NA` are missing values. Raises pyarrow.ArrowInvalid if the lines cannot be separated.
    """
    ragged: list[pacsv.InvalidRow] = []

    def note(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    texts = pacsv.read_csv(
        str(raw.copy_path),
        # Rows have their line numbers only when read on one thread.
        read_options=pacsv.ReadOptions(use_threads=False, column_names=list(header), skip_rows=1),
        parse_options=pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
        convert_options=pacsv.ConvertOptions(
            column_types={name: pa.string() for name in header}, null_values=MISSING, strings_can_be_null=True
        ),
    )
    return texts, ragged


def no_texts(header: Sequence[str]) -> pa.Table:
    """Return the empty columns of a file without rows."""
    return pa.table({name: pa.array([], pa.string()) for name in header})


def find_unfit(texts: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Return the distinct texts that do not fit the type.

    Control characters, nan and inf fit no type, and neither do whole numbers that would change: hexadecimal ones, and
    those with more digits than the type holds.
    """
    if pa.types.is_string(wanted):
        return pc.unique(texts.filter(pc.match_substring_regex(texts, r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")))
    try:
        values = pc.cast(texts, wanted)
    except pa.ArrowInvalid:
        distinct = pc.drop_null(pc.unique(texts))
        return pa.array([text for text in distinct.to_pylist() if not _fits(text, wanted)], pa.string())
    if pa.types.is_floating(wanted):
        suspects = pc.unique(
            texts.filter(pc.fill_null(pc.or_(pc.invert(pc.is_finite(values)), _matches(texts, _LONG)), False))
        )
        return pa.array([text for text in suspects.to_pylist() if not _fits(text, wanted)], pa.string())
    if pa.types.is_integer(wanted):
        return pc.unique(texts.filter(_matches(texts, _HEXADECIMAL)))
    return pa.array([], pa.string())


def find_leading_zeros(texts: pa.Array) -> pa.Array:
    """Return for each text whether it is digits with leading zeros, which a number loses; null where it is missing."""
    return _matches(texts, _LEADING_ZERO)


def _fits(text: str, wanted: pa.DataType) -> bool:
    try:
        value = pc.cast(pa.scalar(text), wanted)
    except pa.ArrowInvalid:
        return False
    if pa.types.is_integer(wanted):
        return re.match(_HEXADECIMAL, text) is None
    if pa.types.is_floating(wanted):
        return isfinite(value.as_py()) and (re.match(_LONG, text) is None or int(text) == int(value.as_py()))
    return True


def _matches(texts: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(texts, pattern)
