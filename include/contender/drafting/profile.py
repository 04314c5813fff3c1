"""Profile a delivered file: its format, the type of each column as ingestion reads it, and its values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from pathlib import PurePath

import pyarrow as pa
import pyarrow.compute as pc

from contender.drafting.draft import CHECK, DraftError
from contender.drafting.infer import fits, infer_type
from contender.drafting.sniff import guess_layout, guess_values, most_bytes
from contender.file_formats import (
    TextForm,
    UnreadableFile,
    cast_exactly,
    find_unfit,
    mark_missing,
    open_plain,
    read_header,
    read_json_lines,
    read_parquet,
    read_texts,
    to_plain,
)
from contender.lake.schema import arrow_type
from contender.landing import RawFile
from contender.specs import ColumnType, Csv, Format, JsonLines, Parquet
from contender.specs.columns import NAME_PATTERN

_ROWS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class ColumnProfile:
    """A column's type, and its values as ingestion reads them."""

    name: str
    type: ColumnType
    texts: pa.Array
    values: pa.Array

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.values)

    @property
    def missing(self) -> int:
        """The number of rows without a value."""
        return int(self.values.null_count)

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        """The distinct texts, sorted."""
        return tuple(sorted(text for text in pc.unique(self.texts).to_pylist() if text is not None))

    @cached_property
    def bounds(self) -> tuple[float, float] | None:
        """The smallest and the largest number; None for a column without numbers."""
        if self.type not in ("integer", "number"):
            return None
        found = pc.min_max(self.values).as_py()
        return found["min"], found["max"]

    @property
    def is_code(self) -> bool:
        """Whether the values are codes of digits whose leading zeros a number would lose."""
        return self.type == "string" and self.missing < self.rows and fits(self.texts, "number")


@dataclass(frozen=True)
class FileProfile:
    """The format and columns of files; `names` are their names of renamed columns, and `findings` what to check.

    `lengths` are the numbers of rows of each file.
    """

    format: Format
    columns: tuple[ColumnProfile, ...]
    names: Mapping[str, str]
    ignored: tuple[str, ...]
    findings: tuple[str, ...]
    lengths: tuple[int, ...]

    def rename(self, new: Mapping[str, str]) -> FileProfile:
        """Return the profile with some columns renamed."""
        columns = tuple(replace(column, name=new.get(column.name, column.name)) for column in self.columns)
        names = {new.get(name, name): given for name, given in self.names.items()}
        names |= {name: old for old, name in new.items() if old not in self.names}
        return replace(self, columns=columns, names=names)


def profile_file(raw: RawFile) -> FileProfile:
    """Return the profile of a CSV, JSON Lines or Parquet file with at least one row. Raises DraftError."""
    return profile_files([raw])


def profile_files(raws: Sequence[RawFile]) -> FileProfile:
    """Return the profile of files of one format with the same columns, as if they were one. Raises DraftError."""
    tables, table, form = _read_all(raws)
    if not table.num_rows:
        raise DraftError("the file has no rows: draft from a delivery with rows")
    names = _choose_names(table.column_names)
    ignored = tuple(name for name in table.column_names if name not in names)
    columns = tuple(
        profile_values(names[name], table[name].combine_chunks(), form)
        if isinstance(form, Parquet)
        else profile_column(names[name], mark_missing(table[name].combine_chunks(), name, form), form)
        for name in names
    )
    renamed = {name: given for given, name in names.items() if name != given}
    if not isinstance(form, Parquet):
        words = {names[name]: words for name, words in form.missing_in.items() if name in names}
        form = form.model_copy(update={"missing_in": words})
    lengths = tuple(part.num_rows for part in tables)
    return FileProfile(form, columns, renamed, ignored, tuple(_findings(form, renamed, ignored)), lengths)


def profile_column(name: str, texts: pa.Array, form: TextForm | None = None) -> ColumnProfile:
    """Return the profile of a column with the narrowest type that fits all texts. Raises DraftError if none does."""
    wanted = infer_type(texts, form)
    plain = to_plain(texts, wanted, form or Csv())
    if len(find_unfit(plain, arrow_type(wanted))):
        raise DraftError(f"the column {name} has control characters: deliver it without them")
    return ColumnProfile(name, wanted, texts, pc.cast(plain, arrow_type(wanted)))


def profile_values(name: str, values: pa.Array, form: Parquet) -> ColumnProfile:
    """Return the profile of a column of a Parquet file, in the type that it declares. Raises DraftError."""
    wanted = _declared_type(name, values.type)
    try:
        found, changed = cast_exactly(values, arrow_type(wanted), form)
        texts = pc.cast(found, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DraftError(f"the column {name} of type {values.type} cannot be read: {error}") from None
    if pc.any(changed).as_py():
        raise DraftError(
            f"the column {name} has values that are not finite numbers or not plain text: deliver none"
        )
    return ColumnProfile(name, wanted, texts, found)


def _declared_type(name: str, declared: pa.DataType) -> ColumnType:
    if pa.types.is_dictionary(declared):
        declared = declared.value_type
    kinds: tuple[tuple[Callable[[pa.DataType], bool], ColumnType], ...] = (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "number"),
        (pa.types.is_decimal, "number"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "timestamp"),
        (pa.types.is_string, "string"),
        (pa.types.is_large_string, "string"),
        (pa.types.is_null, "string"),
    )
    for of_kind, wanted in kinds:
        if of_kind(declared):
            return wanted
    raise DraftError(
        f"the column {name} has the type {declared}, which no contract has: deliver it as a plain value"
    )


def _read_all(raws: Sequence[RawFile]) -> tuple[list[pa.Table], pa.Table, Format]:
    """Return the columns of each file and of all, as texts or typed, and the format of all. Raises DraftError."""
    tables: list[pa.Table] = []
    layout: Format | None = None
    for raw in raws:
        try:
            layout = layout or _guess_kind(raw)
            tables.append(_read(raw, layout))
            if not isinstance(layout, JsonLines):
                _compare_headers(raws[0], tables[0], tables[-1])
        except (UnreadableFile, DraftError) as error:
            raise DraftError(f"{raw.name}: {error}" if len(raws) > 1 else str(error)) from None
    try:
        texts = pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DraftError(f"the files have columns of different types: {error}") from None
    match layout:
        case Csv():
            return tables, texts, guess_values(texts, layout)
        case JsonLines():
            values = guess_values(texts, Csv(missing=()))
            return (
                tables,
                texts,
                JsonLines(dates=values.dates, timestamps=values.timestamps, zone=values.zone),
            )
    naive = any(pa.types.is_timestamp(field.type) and field.type.tz is None for field in texts.schema)
    return tables, texts, Parquet(zone="UTC" if naive else None)


def _guess_kind(raw: RawFile) -> Format:
    with raw.copy_path.open("rb") as file:
        start = file.read(1024)
    if start.startswith(b"PAR1"):
        return Parquet()
    if {".jsonl", ".ndjson"}.intersection(PurePath(raw.name).suffixes) or start.lstrip().startswith(b"{"):
        return JsonLines()
    return guess_layout(raw)


def _read(raw: RawFile, layout: Format) -> pa.Table:
    if isinstance(layout, Parquet):
        return pa.concat_tables(read_parquet(raw, _ROWS_AT_ONCE)[1])
    if isinstance(layout, Csv):
        return _read_csv(raw, layout)
    with open_plain(raw, "utf-8", most_bytes(raw)) as plain:
        texts, defects = read_json_lines(plain)
    if defects:
        raise UnreadableFile(defects[0])
    return texts


def _compare_headers(first: RawFile, known: pa.Table, table: pa.Table) -> None:
    if differing := sorted(set(known.column_names) ^ set(table.column_names)):
        raise DraftError(
            f"its columns differ from those of {first.name} by {', '.join(map(repr, differing))}: draft from files "
            "with the same columns"
        )


def _read_csv(raw: RawFile, layout: Csv) -> pa.Table:
    with open_plain(raw, layout.encoding, most_bytes(raw)) as plain:
        header, has_rows = read_header(plain, layout)
        if not header:
            raise DraftError("the first line is empty: deliver the columns' names in it")
        if not has_rows:
            raise DraftError("the file has a header and no rows: draft from a delivery with rows")
        texts, ragged = read_texts(plain, header, layout)
    if ragged:
        raise DraftError(
            f"line {ragged[0].number} has {ragged[0].actual_columns} fields where the header has {len(header)}: "
            "draft from a complete file"
        )
    return texts


def _choose_names(given: Sequence[str]) -> dict[str, str]:
    """Return the name in the contract of each of the file's columns; one without a name is left out, as an index."""
    chosen: dict[str, str] = {}
    taken = {name for name in given if _is_valid(name)}
    for name in given:
        if not name.strip():
            continue
        if _is_valid(name):
            chosen[name] = name
            continue
        plain = _to_name(name)
        number = next(n for n in count(1) if (plain if n == 1 else f"{plain[:56]}_{n}") not in taken)
        chosen[name] = plain if number == 1 else f"{plain[:56]}_{number}"
        taken.add(chosen[name])
    return chosen


def _is_valid(name: str) -> bool:
    return re.fullmatch(NAME_PATTERN, name) is not None and len(name) <= 60


def _to_name(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    plain = re.sub(r"[^a-z0-9]+", "_", unicodedata.normalize("NFKD", words).lower()).strip("_")[:60]
    return plain if re.match("[a-z]", plain) else f"c_{plain}".rstrip("_")[:60]


def _findings(form: Format, renamed: Mapping[str, str], ignored: Sequence[str]) -> Iterator[str]:
    if isinstance(form, Csv):
        yield from _csv_findings(form)
    if not isinstance(form, Parquet) and form.dates in ("%d/%m/%Y", "%m/%d/%Y"):
        yield f"{CHECK}dates as {form.dates}; is the day first, or the month?"
    if form.zone is not None:
        yield f"{CHECK}times without a time zone, read as {form.zone}; in which zone is the source?"
    if renamed:
        yield f"{CHECK}{len(renamed)} columns renamed, because a name has lower-case letters, digits and _"
    if ignored:
        yield f"{CHECK}a column without a name is ignored, such as an index that pandas wrote"


def _csv_findings(form: Csv) -> Iterator[str]:
    if form.encoding == "cp1252":
        yield f"{CHECK}not UTF-8; is it cp1252, or latin-1, or another encoding?"
    if form.skip_lines:
        yield f"{CHECK}{form.skip_lines} lines above the header; are there as many in every delivery?"
    if words := form.missing[2:]:
        yield f"{CHECK}{', '.join(words)} read as missing"
    for column in form.missing_in:
        yield f"{CHECK}NA in {column} is read as a code, not as missing"
    if form.decimal == "," or form.thousands:
        yield f"{CHECK}numbers such as 1{form.thousands}234{form.decimal}5"
