"""Parses a CSV file into texts, and says which texts are not of a type."""

from __future__ import annotations

import csv
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from contender.landing import RawFile
from contender.records import Defect

MISSING = ["", "NA"]


def why_no_csv(raw: RawFile, error: csv.Error | pa.ArrowInvalid) -> Defect:
    """What the parser could not take."""
    why = _in_words(error) if isinstance(error, pa.ArrowInvalid) else str(error)
    return Defect(what=f"it is no CSV file: {why}", where=raw.name, way_out="quote fields as RFC 4180 says")


def _in_words(error: pa.ArrowInvalid) -> str:
    text = str(error)
    return "a line is longer than a megabyte" if "straddl" in text else text.partition("\n")[0][:200]


def judge_names(raw: RawFile, header: Sequence[str]) -> Defect | None:
    """What is wrong with the header, whatever a contract says; None when nothing is."""
    if repeated := sorted({name for name in header if list(header).count(name) > 1}):
        return Defect(
            what=f"the column {repeated[0]!a} is there twice",
            where=f"{raw.name}, line 1",
            way_out="deliver each column once",
        )
    return None


def read_texts(raw: RawFile, header: Sequence[str]) -> tuple[pa.Table, list[pacsv.InvalidRow]]:
    """All lines below the header as texts, and those left out for another number of fields.

    Empty fields and `NA` are missing values. Raises pyarrow.ArrowInvalid when the lines cannot be told apart.
    """
    ragged: list[pacsv.InvalidRow] = []

    def note(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    texts = pacsv.read_csv(
        str(raw.copy_path),
        # On one thread, since only then rows know their number.
        read_options=pacsv.ReadOptions(use_threads=False, column_names=list(header), skip_rows=1),
        parse_options=pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
        convert_options=pacsv.ConvertOptions(
            column_types={name: pa.string() for name in header}, null_values=MISSING, strings_can_be_null=True
        ),
    )
    return texts, ragged


def no_texts(header: Sequence[str]) -> pa.Table:
    """The columns of a file without lines."""
    return pa.table({name: pa.array([], pa.string()) for name in header})


def find_unfit(texts: pa.Array, wanted: pa.DataType) -> pa.Array:
    """The distinct texts that are not of the type; control characters fit nowhere, nor do nan and inf."""
    if pa.types.is_string(wanted):
        return pc.unique(texts.filter(pc.match_substring_regex(texts, r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")))
    try:
        values = pc.cast(texts, wanted)
    except pa.ArrowInvalid:
        distinct = pc.drop_null(pc.unique(texts))
        return pa.array([text for text in distinct.to_pylist() if not _fits(text, wanted)], pa.string())
    if pa.types.is_floating(wanted):
        return pc.unique(texts.filter(pc.fill_null(pc.invert(pc.is_finite(values)), False)))
    return pa.array([], pa.string())


def _fits(text: str, wanted: pa.DataType) -> bool:
    try:
        value = pc.cast(pa.scalar(text), wanted)
    except pa.ArrowInvalid:
        return False
    return not pa.types.is_floating(wanted) or bool(pc.is_finite(value).as_py())
