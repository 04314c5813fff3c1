"""Read a delivered CSV file strictly, and report every line, field and type that does not fit the contract."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from contender.csv_fields import (
    find_leading_zeros,
    find_unfit,
    find_unreadable,
    judge_names,
    no_texts,
    read_header,
    read_texts,
    why_no_csv,
)
from contender.lake.schema import arrow_schema, arrow_type
from contender.landing import RawFile
from contender.records import Defect
from contender.specs import Column, Contract


@dataclass(frozen=True)
class Delivered:
    """The rows of a raw file, typed by the contract; its defects; and its columns that are not in the contract."""

    raw: RawFile
    rows: pa.Table
    defects: tuple[Defect, ...] = ()
    aside: pa.Table | None = None

    def with_defects(self, *more: Defect) -> Delivered:
        """Return the same rows with additional defects."""
        return replace(self, defects=(*self.defects, *more))


def read_delivery(raw: RawFile, contract: Contract) -> Delivered:
    """Read a UTF-8 CSV file with a header. Empty fields and `NA` are missing. Defects are returned, not raised."""
    if defect := find_unreadable(raw):
        return _unreadable(raw, contract, defect)
    try:
        header, has_rows = read_header(raw)
    except csv.Error as error:
        return _unreadable(raw, contract, why_no_csv(raw, error))
    if defect := _check_header(raw, header, contract):
        return _unreadable(raw, contract, defect)
    try:
        texts, ragged = read_texts(raw, header) if has_rows else (no_texts(header), [])
    except pa.ArrowInvalid as error:
        return _unreadable(raw, contract, why_no_csv(raw, error))
    extra = tuple(name for name in header if name not in contract.column_names)
    defects = [*_unknown_columns(raw, extra), *_ragged_lines(raw, header, ragged)]
    columns = []
    for column in contract.columns:
        values, wrong = _typed(raw, column, texts[column.name].combine_chunks())
        columns.append(values)
        defects += wrong
    rows = pa.table(columns, schema=arrow_schema(contract))
    kept = texts.select([*contract.primary_key, *extra]) if extra else None
    return Delivered(raw, rows, tuple(defects), kept)


def _unreadable(raw: RawFile, contract: Contract, defect: Defect) -> Delivered:
    return Delivered(raw, arrow_schema(contract).empty_table(), (defect,))


def _check_header(raw: RawFile, header: Sequence[str], contract: Contract) -> Defect | None:
    if missing := [name for name in contract.column_names if name not in header]:
        # A look-alike character of another alphabet is shown by its code, to make it visible.
        found = ", ".join(name if name.isascii() else ascii(name)[1:-1] for name in header)
        return Defect(
            what=f"the columns {', '.join(missing)} are missing; the file has {found[:400]}",
            where=f"{raw.name}, line 1",
            way_out="deliver the columns, or change the contract",
        )
    return judge_names(raw, header)


def _unknown_columns(raw: RawFile, extra: Sequence[str]) -> list[Defect]:
    if not extra:
        return []
    return [
        Defect(
            what=f"the columns {', '.join(map(repr, extra))} are not in the contract and were set aside",
            where=raw.name,
            way_out="add the columns to the contract, or stop delivering them",
            severity="warn",
        )
    ]


def _ragged_lines(raw: RawFile, header: Sequence[str], ragged: Sequence[pacsv.InvalidRow]) -> list[Defect]:
    if not ragged:
        return []
    first = ragged[0]
    return [
        Defect(
            what=f"{len(ragged)} lines do not have {len(header)} fields; line {first.number} has "
            f"{first.actual_columns}",
            where=f"{raw.name}, line {first.number}",
            way_out="the upload may be incomplete: deliver the file again",
        )
    ]


def _first_of(column: Column, texts: pa.Array, chosen: pa.Array) -> str:
    """Return the first chosen row and its text, which is hidden for personal data."""
    first = pc.index(chosen, pa.scalar(True)).as_py()
    shown = "(hidden)" if column.pii else ascii(texts[first].as_py()[:60])
    return f"row {first + 2} has {shown}"


def _lost_zeros(raw: RawFile, column: Column, texts: pa.Array) -> tuple[Defect, ...]:
    """Return a warning if numbers are delivered with leading zeros, as codes are: 007 becomes 7."""
    if column.type not in ("integer", "number"):
        return ()
    padded = find_leading_zeros(texts)
    count = pc.sum(padded).as_py()
    if not count:
        return ()
    defect = Defect(
        what=f"{count} values lose their leading zeros; {_first_of(column, texts, padded)}",
        where=f"{raw.name}, column {column.name}",
        way_out=f"declare {column.name} as type string if its values are codes, or deliver it without leading zeros",
        severity="warn",
    )
    return (defect,)


def _typed(raw: RawFile, column: Column, texts: pa.Array) -> tuple[pa.Array, tuple[Defect, ...]]:
    """Return the column's values, missing where a field does not fit the type, and the defect if any do not."""
    wanted = arrow_type(column.type)
    unfit = find_unfit(texts, wanted)
    if not len(unfit):
        return pc.cast(texts, wanted), _lost_zeros(raw, column, texts)
    wrong = pc.is_in(texts, unfit)
    defect = Defect(
        what=f"{pc.sum(wrong).as_py()} values are not of type {column.type}; "
        f"{_first_of(column, texts, wrong)}",
        where=f"{raw.name}, column {column.name}",
        way_out=f"deliver {column.name} as type {column.type}"
        + (f" in {column.unit}" if column.unit else ""),
    )
    return pc.cast(pc.if_else(wrong, pa.scalar(None, pa.string()), texts), wanted), (defect,)
