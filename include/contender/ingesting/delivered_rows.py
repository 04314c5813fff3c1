"""Read a delivered file strictly, and report every line, field and type that does not fit the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from contender.file_formats import (
    TextForm,
    UnreadableFile,
    cast_exactly,
    find_leading_zeros,
    find_unfit,
    mark_missing,
    open_plain,
    read_header,
    read_json_lines,
    read_parquet,
    read_texts,
    to_plain,
)
from contender.ingesting.derive import derive_day
from contender.lake import NUMBER_OF_ROW
from contender.lake.schema import arrow_schema, arrow_type
from contender.landing import RawFile
from contender.records import Defect
from contender.specs import Column, Csv, DatasetSpec, JsonLines, Parquet

_ROWS_AT_ONCE = 1 << 17


@dataclass(frozen=True)
class Piece:
    """Consecutive rows of a raw file, typed by the contract, with their numbers in the file.

    `aside` are the same rows' columns that are not in the contract.
    """

    rows: pa.Table
    numbers: pa.Array
    aside: pa.Table | None = None

    def take(self, chosen: pa.ChunkedArray) -> Piece:
        """Return the rows for which `chosen` is true, with the columns that were set aside."""
        aside = None if self.aside is None else self.aside.filter(chosen)
        return Piece(self.rows.filter(chosen), self.numbers.filter(chosen.combine_chunks()), aside)


class _Fields(NamedTuple):
    """Consecutive rows of a file by their names in the file; `first_row` is the number of the first in the file."""

    raw: RawFile
    table: pa.Table
    first_row: int


class FileReader:
    """Reads a raw file in the format of the dataset's delivery, piece by piece.

    `header` (the file's columns) and `defects` are complete after the last piece.
    """

    def __init__(self, raw: RawFile, spec: DatasetSpec) -> None:
        self.header: tuple[str, ...] = ()
        self._raw, self._spec = raw, spec
        self._of_file: list[Defect] = []
        self._of_columns = {column.name: _Faults(column) for column in spec.columns}

    @property
    def defects(self) -> tuple[Defect, ...]:
        """What was found in the pieces that have been read."""
        found = (faults.describe(self._raw.name) for faults in self._of_columns.values())
        return (*self._of_file, *filter(None, found))

    def __iter__(self) -> Iterator[Piece]:
        """Yield at least one piece. Raises UnreadableFile, also after some pieces."""
        match self._spec.delivery.read_as:
            case Parquet() as columnar:
                tables, first_row = self._read_parquet(), 1
                read: _ReadColumn = partial(_cast, form=columnar)
            case JsonLines() | Csv() as form:
                texts, first_row = (
                    self._read_json_lines() if isinstance(form, JsonLines) else self._read_csv(form)
                )
                tables = (
                    texts.slice(first, _ROWS_AT_ONCE) for first in range(0, max(1, len(texts)), _ROWS_AT_ONCE)
                )
                read = partial(_parse, form=form)
        for table in tables:
            yield self._typed_by(_Fields(self._raw, table, first_row), read)
            first_row += table.num_rows

    def _read_parquet(self) -> Iterator[pa.Table]:
        header, tables = read_parquet(self._raw, _ROWS_AT_ONCE)
        self._begin(header)
        return tables

    def _read_csv(self, form: Csv) -> tuple[pa.Table, int]:
        with open_plain(self._raw, form.encoding, self._spec.delivery.max_bytes) as plain:
            header, has_rows = read_header(plain, form)
            self._begin(header, f", line {form.skip_lines + 1}")
            texts = pa.table({name: pa.array([], pa.string()) for name in header})
            if has_rows:
                texts, ragged = read_texts(plain, header, form)
                self._of_file += _ragged_lines(self._raw, header, ragged)
        return texts, form.skip_lines + 2

    def _read_json_lines(self) -> tuple[pa.Table, int]:
        with open_plain(self._raw, "utf-8", self._spec.delivery.max_bytes) as plain:
            texts, defects = read_json_lines(plain)
        if defects and not texts.num_rows:
            raise UnreadableFile(defects[0])
        self._of_file += defects
        self._begin(texts.column_names)
        return texts, 1

    def _begin(self, found: Sequence[str], line: str = "") -> None:
        """Note the file's columns. Raises UnreadableFile if it lacks columns of the contract."""
        wanted = _names_in_file(self._spec).values()
        if missing := [name for name in wanted if name not in found]:
            # A look-alike character of another alphabet is shown by its code, to make it visible.
            shown = ", ".join(name if name.isascii() else ascii(name)[1:-1] for name in found)
            raise UnreadableFile(
                Defect(
                    what=f"the columns {', '.join(missing)} are missing; the file has {shown[:400]}",
                    where=f"{self._raw.name}{line}",
                    way_out="deliver the columns, or change the contract: `names` in its delivery renames a column",
                )
            )
        self.header = tuple(found)
        self._of_file += _unknown_columns(self._raw, self._extra)

    @property
    def _extra(self) -> list[str]:
        wanted = _names_in_file(self._spec).values()
        return [
            name for name in self.header if name not in wanted and name not in self._spec.delivery.ignored
        ]

    def _typed_by(self, fields: _Fields, read: _ReadColumn) -> Piece:
        """Return the columns of the contract, each read by `read`, and set the other columns aside."""
        spec, wanted, columns = self._spec, _names_in_file(self._spec), []
        for column in spec.columns:
            if column.name not in wanted:
                columns.append(pa.nulls(fields.table.num_rows, arrow_type(column.type)))
                continue
            values = fields.table[wanted[column.name]].combine_chunks()
            columns.append(read(fields, values, self._of_columns[column.name]))
        rows = derive_day(pa.table(columns, schema=arrow_schema(spec.contract)), spec.delivery)
        numbers = pa.array(np.arange(fields.first_row, fields.first_row + rows.num_rows))
        if not self._extra:
            return Piece(rows, numbers)
        key = [wanted[name] for name in spec.primary_key if name in wanted]
        kept = fields.table.select([*key, *self._extra])
        if spec.delivery.derived:
            kept = kept.append_column(NUMBER_OF_ROW, numbers)
        return Piece(rows, numbers, kept)


def _names_in_file(spec: DatasetSpec) -> dict[str, str]:
    """Return the names in the file of the contract's columns that are not derived."""
    delivery = spec.delivery
    return {c.name: delivery.name_of(c.name) for c in spec.columns if c.name not in delivery.derived}


def _unknown_columns(raw: RawFile, extra: Sequence[str]) -> list[Defect]:
    if not extra:
        return []
    return [
        Defect(
            what=f"the columns {', '.join(map(repr, extra))} are not in the contract and were set aside",
            where=raw.name,
            way_out="add the columns to the contract, name them in `ignored` of its delivery, or stop delivering them",
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


class _Count:
    """Values of a column that have one fault: how many, and the first of them."""

    def __init__(self) -> None:
        self.number, self.first = 0, ""

    def add(self, fields: _Fields, column: Column, values: pa.Array, chosen: pa.Array) -> None:
        """Count the chosen ones of the values; the first value of personal data is hidden."""
        count = pc.sum(chosen).as_py() or 0
        if count and not self.number:
            first = pc.index(chosen, pa.scalar(True)).as_py()
            value = values[first].as_py()
            shown = "(hidden)" if column.pii else ascii(value[:60] if isinstance(value, str) else value)
            self.first = f"row {first + fields.first_row} has {shown}"
        self.number += count


class _Faults:
    """What does not fit the type of a column, in the pieces that have been read."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self.other_type: Defect | None = None
        self.unfit = _Count()
        self.padded = _Count()

    def describe(self, file: str) -> Defect | None:
        """Return the gravest fault; numbers with leading zeros, as codes have, are a warning: 007 becomes 7."""
        column, where = self.column, f"{file}, column {self.column.name}"
        if self.other_type is not None:
            return self.other_type
        if self.unfit.number:
            return Defect(
                what=f"{self.unfit.number} values are not of type {column.type}; {self.unfit.first}",
                where=where,
                way_out=f"deliver {column.name} as type {column.type}"
                + (f" in {column.unit}" if column.unit else ""),
            )
        if self.padded.number:
            return Defect(
                what=f"{self.padded.number} values lose their leading zeros; {self.padded.first}",
                where=where,
                way_out=f"declare {column.name} as type string if its values are codes, "
                "or deliver it without leading zeros",
                severity="warn",
            )
        return None


_ReadColumn = Callable[[_Fields, pa.Array, _Faults], pa.Array]


def _parse(fields: _Fields, texts: pa.Array, faults: _Faults, form: TextForm) -> pa.Array:
    """Return the values of texts, missing where a field does not fit the type."""
    column = faults.column
    wanted = arrow_type(column.type)
    texts = mark_missing(texts, column.name, form)
    plain = to_plain(texts, column.type, form)
    unfit = find_unfit(plain, wanted)
    if not len(unfit):
        if column.type in ("integer", "number"):
            faults.padded.add(fields, column, texts, find_leading_zeros(texts))
        return pc.cast(plain, wanted)
    wrong = pc.is_in(plain, unfit)
    faults.unfit.add(fields, column, texts, wrong)
    return pc.cast(pc.if_else(wrong, pa.scalar(None, pa.string()), plain), wanted)


def _cast(fields: _Fields, values: pa.Array, faults: _Faults, form: Parquet) -> pa.Array:
    """Return the values in the column's type, missing where they would change."""
    column = faults.column
    wanted = arrow_type(column.type)
    try:
        found, changed = cast_exactly(values, wanted, form)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        faults.other_type = faults.other_type or Defect(
            what=f"values of type {values.type} are not of type {column.type}: {str(error).partition(chr(10))[0]}",
            where=f"{fields.raw.name}, column {column.name}",
            way_out=f"deliver {column.name} as type {column.type}",
        )
        return pa.nulls(len(values), wanted)
    faults.unfit.add(fields, column, values, changed)
    return found
