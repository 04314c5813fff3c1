"""Reads a delivered CSV file strictly: every line, field and type that is not as promised is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from contender.csv_fields import NotCsv, as_texts, as_values, split_lines
from contender.lake.schema import arrow_schema, arrow_type
from contender.landing import RawFile
from contender.records import Defect
from contender.specs import Column, Contract


@dataclass(frozen=True)
class Delivered:
    """The rows of a raw file, typed as the contract says, and what could not be read of it."""

    raw: RawFile
    rows: pa.Table
    defects: tuple[Defect, ...] = ()

    def with_defects(self, *more: Defect) -> Delivered:
        """The same rows with more said against them."""
        return replace(self, defects=(*self.defects, *more))


def read_delivery(raw: RawFile, contract: Contract) -> Delivered:
    """Read a UTF-8 CSV file with a header. Empty fields and `NA` are missing values. Never raises for content."""
    try:
        lines = split_lines(raw.copy_path.read_bytes())
    except NotCsv as error:
        return _unreadable(raw, contract, error.what, error.way_out)
    header, body = lines[0], lines[1:]
    if missing := [name for name in contract.column_names if name not in header]:
        found = f"the columns {', '.join(missing)} are missing; there are {', '.join(header)}"
        return _unreadable(raw, contract, found, "deliver them, or change the contract")
    defects = [*_unknown_columns(raw, header, contract), *_ragged_lines(raw, header, body)]
    whole = [line for line in body if len(line) == len(header)]
    fields = dict(zip(header, zip(*whole, strict=True), strict=True)) if whole else {}
    columns = []
    for column in contract.columns:
        values, found_defects = _typed(raw, column, fields.get(column.name, ()))
        columns.append(values)
        defects += found_defects
    return Delivered(raw, pa.table(columns, schema=arrow_schema(contract)), tuple(defects))


def _unreadable(raw: RawFile, contract: Contract, what: str, way_out: str) -> Delivered:
    defect = Defect(what=what, where=raw.name, way_out=way_out)
    return Delivered(raw, arrow_schema(contract).empty_table(), (defect,))


def _unknown_columns(raw: RawFile, header: Sequence[str], contract: Contract) -> list[Defect]:
    unknown = [name for name in header if name not in contract.column_names]
    if not unknown:
        return []
    return [
        Defect(
            what=f"the columns {', '.join(unknown)} are not in the contract and were left out",
            where=raw.name,
            way_out="add them to the contract, or stop delivering them",
            severity="warn",
        )
    ]


def _ragged_lines(raw: RawFile, header: Sequence[str], body: Sequence[Sequence[str]]) -> list[Defect]:
    ragged = [(number, line) for number, line in enumerate(body, start=2) if len(line) != len(header)]
    if not ragged:
        return []
    number, line = ragged[0]
    return [
        Defect(
            what=f"{len(ragged)} lines do not have {len(header)} fields; line {number} has {len(line)}",
            where=f"{raw.name}, line {number}",
            way_out="the upload may have been cut short: deliver the file again",
        )
    ]


def _typed(raw: RawFile, column: Column, fields: Sequence[str]) -> tuple[pa.Array, list[Defect]]:
    """The column's values, missing where a field does not fit, and the defects that this makes."""
    texts = as_texts(fields)
    try:
        return as_values(texts, column.type), []
    except pa.ArrowInvalid:
        pass
    values, wrong = [], []
    for number, text in enumerate(texts, start=2):
        try:
            values.append(as_values(text, column.type).as_py())
        except pa.ArrowInvalid:
            values.append(None)
            wrong.append((number, text.as_py()))
    number, example = wrong[0]
    shown = "(hidden)" if column.pii else repr(example[:60])
    defect = Defect(
        what=f"{len(wrong)} values are no {column.type}; row {number} has {shown}",
        where=f"{raw.name}, column {column.name}",
        way_out=f"deliver {column.name} as {column.type}" + (f" in {column.unit}" if column.unit else ""),
    )
    return pa.array(values, arrow_type(column.type)), [defect]
