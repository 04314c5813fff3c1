"""Read a delivered file strictly, and report every line, field and type that does not fit the contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

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


@dataclass(frozen=True)
class Delivered:
    """The rows of a raw file, typed by the contract; its defects; and its columns that are not in the contract.

    `numbers` are the rows' numbers in the file, and `header` its columns; empty if the file cannot be read.
    """

    raw: RawFile
    rows: pa.Table
    numbers: pa.Array
    header: tuple[str, ...] = ()
    defects: tuple[Defect, ...] = ()
    aside: pa.Table | None = None

    def with_defects(self, *more: Defect) -> Delivered:
        """Return the same rows with additional defects."""
        return replace(self, defects=(*self.defects, *more))

    def take(self, chosen: pa.ChunkedArray) -> Delivered:
        """Return the rows for which `chosen` is true, with the columns that were set aside."""
        aside = None if self.aside is None else self.aside.filter(chosen)
        rows = self.rows.filter(chosen)
        return replace(self, rows=rows, numbers=self.numbers.filter(chosen.combine_chunks()), aside=aside)


class _Fields(NamedTuple):
    """A file's columns by their names in the file, with the defects so far; `first_row` is its first row's number."""

    raw: RawFile
    table: pa.Table
    defects: Sequence[Defect]
    first_row: int


def read_delivery(raw: RawFile, spec: DatasetSpec) -> Delivered:
    """Read a file in the format of the dataset's delivery. Defects are returned, not raised."""
    try:
        match spec.delivery.read_as:
            case Parquet() as columnar:
                fields = _Fields(raw, read_parquet(raw), (), 1)
                _check_columns(raw, fields.table.column_names, spec)
                return _typed_by(spec, fields, lambda column, values: _cast(fields, column, values, columnar))
            case JsonLines() as form:
                fields = _read_json_lines(raw, spec)
            case Csv() as form:
                fields = _read_csv(raw, spec, form)
    except UnreadableFile as error:
        none = arrow_schema(spec.contract).empty_table()
        return Delivered(raw, none, pa.array([], pa.int64()), defects=(error.defect,))
    return _typed_by(spec, fields, lambda column, texts: _parse(fields, column, texts, form))


def _read_csv(raw: RawFile, spec: DatasetSpec, form: Csv) -> _Fields:
    with open_plain(raw, form.encoding, spec.delivery.max_bytes) as plain:
        header, has_rows = read_header(plain, form)
        _check_columns(raw, header, spec, f", line {form.skip_lines + 1}")
        if not has_rows:
            empty = pa.table({name: pa.array([], pa.string()) for name in header})
            return _Fields(raw, empty, (), form.skip_lines + 2)
        texts, ragged = read_texts(plain, header, form)
    return _Fields(raw, texts, _ragged_lines(raw, header, ragged), form.skip_lines + 2)


def _read_json_lines(raw: RawFile, spec: DatasetSpec) -> _Fields:
    with open_plain(raw, "utf-8", spec.delivery.max_bytes) as plain:
        texts, defects = read_json_lines(plain)
    if texts.num_rows or not defects:
        _check_columns(raw, texts.column_names, spec)
        return _Fields(raw, texts, defects, 1)
    raise UnreadableFile(defects[0])


def _check_columns(raw: RawFile, found: Sequence[str], spec: DatasetSpec, line: str = "") -> None:
    """Raise UnreadableFile if the file lacks columns of the contract."""
    wanted = _names_in_file(spec).values()
    if missing := [name for name in wanted if name not in found]:
        # A look-alike character of another alphabet is shown by its code, to make it visible.
        shown = ", ".join(name if name.isascii() else ascii(name)[1:-1] for name in found)
        raise UnreadableFile(
            Defect(
                what=f"the columns {', '.join(missing)} are missing; the file has {shown[:400]}",
                where=f"{raw.name}{line}",
                way_out="deliver the columns, or change the contract: `names` in its delivery renames a column",
            )
        )


def _typed_by(
    spec: DatasetSpec, fields: _Fields, read: Callable[[Column, pa.Array], tuple[pa.Array, Sequence[Defect]]]
) -> Delivered:
    """Return the columns of the contract, each read by `read`, and set the other columns aside."""
    delivery, names = spec.delivery, fields.table.column_names
    defects, columns = list(fields.defects), []
    wanted = _names_in_file(spec)
    extra = [name for name in names if name not in wanted.values() and name not in delivery.ignored]
    defects += _unknown_columns(fields.raw, extra)
    for column in spec.columns:
        if column.name not in wanted:
            columns.append(pa.nulls(fields.table.num_rows, arrow_type(column.type)))
            continue
        values, wrong = read(column, fields.table[wanted[column.name]].combine_chunks())
        columns.append(values)
        defects += wrong
    rows = derive_day(pa.table(columns, schema=arrow_schema(spec.contract)), delivery)
    numbers = pa.array(range(fields.first_row, fields.first_row + rows.num_rows), pa.int64())
    kept = None
    if extra:
        key = [wanted[name] for name in spec.primary_key if name in wanted]
        kept = fields.table.select([*key, *extra])
        if delivery.derived:
            kept = kept.append_column(NUMBER_OF_ROW, numbers)
    return Delivered(fields.raw, rows, numbers, tuple(names), tuple(defects), kept)


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


def _parse(fields: _Fields, column: Column, texts: pa.Array, form: TextForm) -> tuple[pa.Array, list[Defect]]:
    """Return the values of texts, missing where a field does not fit the type, and the defects."""
    wanted = arrow_type(column.type)
    texts = mark_missing(texts, column.name, form)
    plain = to_plain(texts, column.type, form)
    unfit = find_unfit(plain, wanted)
    if not len(unfit):
        return pc.cast(plain, wanted), _lost_zeros(fields, column, texts)
    wrong = pc.is_in(plain, unfit)
    values = pc.cast(pc.if_else(wrong, pa.scalar(None, pa.string()), plain), wanted)
    return values, [_unfit(fields, column, texts, wrong)]


def _cast(fields: _Fields, column: Column, values: pa.Array, form: Parquet) -> tuple[pa.Array, list[Defect]]:
    """Return the values in the column's type, missing where they would change, and the defects."""
    wanted = arrow_type(column.type)
    try:
        found, changed = cast_exactly(values, wanted, form)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        defect = Defect(
            what=f"values of type {values.type} are not of type {column.type}: {str(error).partition(chr(10))[0]}",
            where=f"{fields.raw.name}, column {column.name}",
            way_out=f"deliver {column.name} as type {column.type}",
        )
        return pa.nulls(len(values), wanted), [defect]
    if not pc.any(changed).as_py():
        return found, []
    return found, [_unfit(fields, column, values, changed)]


def _unfit(fields: _Fields, column: Column, values: pa.Array, wrong: pa.Array) -> Defect:
    return Defect(
        what=f"{pc.sum(wrong).as_py()} values are not of type {column.type}; "
        f"{_first_of(fields, column, values, wrong)}",
        where=f"{fields.raw.name}, column {column.name}",
        way_out=f"deliver {column.name} as type {column.type}"
        + (f" in {column.unit}" if column.unit else ""),
    )


def _first_of(fields: _Fields, column: Column, values: pa.Array, chosen: pa.Array) -> str:
    """Return the first chosen row and its value, which is hidden for personal data."""
    first = pc.index(chosen, pa.scalar(True)).as_py()
    value = values[first].as_py()
    shown = "(hidden)" if column.pii else ascii(value[:60] if isinstance(value, str) else value)
    return f"row {first + fields.first_row} has {shown}"


def _lost_zeros(fields: _Fields, column: Column, texts: pa.Array) -> list[Defect]:
    """Return a warning if numbers are delivered with leading zeros, as codes are: 007 becomes 7."""
    if column.type not in ("integer", "number"):
        return []
    padded = find_leading_zeros(texts)
    count = pc.sum(padded).as_py()
    if not count:
        return []
    return [
        Defect(
            what=f"{count} values lose their leading zeros; {_first_of(fields, column, texts, padded)}",
            where=f"{fields.raw.name}, column {column.name}",
            way_out=f"declare {column.name} as type string if its values are codes, "
            "or deliver it without leading zeros",
            severity="warn",
        )
    ]
