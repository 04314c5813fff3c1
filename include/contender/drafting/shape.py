"""Find how files are delivered: the pattern of their names, their business days, and what makes their rows unique."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from contender.drafting.draft import CHECK, DraftError
from contender.drafting.keys import LONGEST, find_key
from contender.drafting.profile import ColumnProfile, FileProfile
from contender.file_formats import local_days
from contender.lake import find_distinct

_DAY = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_COMPACT = re.compile(r"(?<!\d)(19|20)\d\d[01]\d[0-3]\d(?!\d)")
_FORMS = ((_DAY, "%Y-%m-%d", "{day}"), (_COMPACT, "%Y%m%d", "{day:%Y%m%d}"))


@dataclass(frozen=True)
class Naming:
    """The path of files in the landing zone, and the day in the name of each, if they have one."""

    path: str
    days: tuple[date | None, ...]


def find_naming(names: Sequence[str]) -> Naming:
    """Return the path that matches the names of all files. Raises DraftError if they have no common form."""
    days = tuple(_named_day(name) for name in names)
    if len(names) > 1 and None in days and any(days):
        other = names[days.index(None)]
        raise DraftError(
            f"{other} has no day in its name, and other files have one: draft from files of one kind"
        )
    return Naming(_merge(sorted({_as_template(name) for name in names})), days)


def _named_day(name: str) -> date | None:
    days = (_read_day(found[0], form) for pattern, form, _ in _FORMS for found in pattern.finditer(name))
    return next((day for day in days if day is not None), None)


def _as_template(name: str) -> str:
    """Return a name with `{day}` in place of each day; digits that are no day, such as 2024-13-45, stay."""
    for pattern, form, field in _FORMS:
        days = {found[0] for found in pattern.finditer(name) if _read_day(found[0], form)}
        for day in sorted(days):
            name = re.sub(rf"(?<!\d){day}(?!\d)", field, name)
    return name


def _read_day(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def _merge(templates: Sequence[str]) -> str:
    """Return the names as one, with `*` for the part in which they differ."""
    parts = [template.split("/") for template in templates]
    if len({len(part) for part in parts}) > 1:
        raise DraftError(
            f"{templates[0]} and {templates[-1]} are in folders of different depth: draft from one kind"
        )
    return "/".join(_merge_names(sorted(set(names))) for names in zip(*parts, strict=True))


def _merge_names(names: Sequence[str]) -> str:
    first, last = names[0], names[-1]
    if first == last:
        return first
    begin = _common(names)
    end = _common([name[len(begin) :][::-1] for name in names])[::-1]
    # A `{day` that is only half in common is not a part of a path.
    begin, end = re.sub(r"[{][^}]*$", "", begin), re.sub(r"^[^{]*[}]", "", end)
    return f"{begin}*{end}"


def _common(names: Sequence[str]) -> str:
    shortest = min(names, key=len)
    for number, character in enumerate(shortest):
        if any(name[number] != character for name in names):
            return shortest[:number]
    return shortest


@dataclass(frozen=True)
class Key:
    """The primary key, and what the delivery must do for it."""

    columns: tuple[str, ...]
    findings: tuple[str, ...] = ()
    drops_identical: bool = False
    row_number: str | None = None


def propose_key(columns: Sequence[ColumnProfile]) -> Key:
    """Return the columns that identify rows, perhaps after identical rows are dropped; else a row number."""
    try:
        return Key(find_key(columns))
    except DraftError as error:
        why = str(error)
    rows = columns[0].rows
    distinct = without_identical(columns)
    dropped = rows - distinct[0].rows
    if dropped:
        why = f"{dropped} of {rows} rows are identical to another one"
        key = _short_key(distinct)
        if key is not None:
            return Key(key, (f"{CHECK}{why}, and are dropped; does the source deliver rows twice?",), True)
    name = next(
        name
        for name in ("row_number", *(f"row_number_{n}" for n in range(2, 99)))
        if name not in {column.name for column in columns}
    )
    said = why.removeprefix("no key: ").partition(": deliver")[0]
    return Key(
        (name,), (f"{CHECK}rows are numbered, because {said}; does a column identify them?",), False, name
    )


def _short_key(columns: Sequence[ColumnProfile]) -> tuple[str, ...] | None:
    try:
        key = find_key(columns)
    except DraftError:
        return None
    measures = {column.name for column in columns if column.type == "number"}
    return key if len(key) <= LONGEST and not measures & set(key) else None


def without_identical(columns: Sequence[ColumnProfile]) -> tuple[ColumnProfile, ...]:
    """Return the columns without rows that equal an earlier one in all columns."""
    table = pa.table({column.name: column.values for column in columns})
    kept = find_distinct(table)
    return tuple(replace(c, texts=c.texts.take(kept), values=c.values.take(kept)) for c in columns)


@dataclass(frozen=True)
class BusinessDays:
    """The profile with a column `day`, and how it comes about."""

    profile: FileProfile
    several_days: bool = False
    day_of: str | None = None


def find_days(profile: FileProfile, named: Sequence[date | None]) -> BusinessDays:
    """Return the profile with the business day of each row: a date column, or the date of a timestamp.

    `named` is the day in the name of each file. Raises DraftError if no column has these days.
    """
    expected = pa.array(
        [day for day, rows in zip(named, profile.lengths, strict=True) for _ in range(rows)], pa.date32()
    )
    dates = [c for c in profile.columns if c.name == "day"] or [
        c for c in profile.columns if c.type == "date"
    ]
    if any(column.name == "day" for column in dates) or (
        len(dates) == 1 and not dates[0].missing and _agree(dates[0].values, expected)
    ):
        return _of_date(profile, dates[0], expected)
    zone = profile.format.zone or "UTC"
    times = {
        column.name: local_days(column.values, zone)
        for column in profile.columns
        if column.type == "timestamp" and not column.missing
    }
    fitting = {name: days for name, days in times.items() if _agree(days, expected)}
    if not fitting:
        raise DraftError(_no_day(dates, times, zone))
    name, days = next(iter(fitting.items()))
    others = f", or of {' or '.join(list(fitting)[1:])}" if len(fitting) > 1 else ""
    finding = f"{CHECK}the day is the date of {name} in {zone}{others}; is it, and in this zone?"
    day = ColumnProfile("day", "date", pc.cast(days, pa.string()), days)
    derived = replace(profile, columns=(day, *profile.columns), findings=(*profile.findings, finding))
    return _with_several(derived, expected, name)


def _agree(days: pa.Array, expected: pa.Array) -> bool:
    """Return whether rows have the day of their file's name; true if names have none."""
    return expected.null_count == len(expected) or bool(pc.all(pc.equal(days, expected)).as_py())


def _of_date(profile: FileProfile, column: ColumnProfile, expected: pa.Array) -> BusinessDays:
    if column.name != "day":
        source = profile.names.get(column.name, column.name)
        finding = f"{CHECK}the only date, {source}, is the day of the delivery"
        profile = replace(profile.rename({column.name: "day"}), findings=(*profile.findings, finding))
    if column.type != "date" or column.missing:
        raise DraftError(
            "the column day is not a date in every row: deliver it as 2013-09-01, or use --kind reference"
        )
    if _agree(column.values, expected):
        return _with_several(profile, expected, None)
    if len(profile.lengths) > 1 and _each_has_its_day(column.values, expected, profile.lengths):
        return _several(profile, None)
    days = sorted(set(column.values.to_pylist()))
    if len(days) > 1:
        raise DraftError(
            f"the file holds {len(days)} days, {days[0]} to {days[-1]}: draft from the delivery of one day, "
            "or use --kind reference"
        )
    raise DraftError(
        f"the file's name has the day {expected[0]}, but its rows have {days[0]}: correct the name or the rows"
    )


def _each_has_its_day(days: pa.Array, expected: pa.Array, lengths: Sequence[int]) -> bool:
    begin = 0
    for rows in lengths:
        if rows and not pc.any(pc.equal(days.slice(begin, rows), expected[begin])).as_py():
            return False
        begin += rows
    return True


def _with_several(profile: FileProfile, expected: pa.Array, day_of: str | None) -> BusinessDays:
    days = next(column for column in profile.columns if column.name == "day").values
    if expected.null_count == len(expected) and len(pc.unique(days)) > 1:
        return _several(profile, day_of)
    return BusinessDays(profile, False, day_of)


def _several(profile: FileProfile, day_of: str | None) -> BusinessDays:
    days = next(column for column in profile.columns if column.name == "day").values
    found = pc.min_max(days).as_py()
    finding = f"{CHECK}a file holds several days, here {found['min']} to {found['max']}; when is a day complete in it?"
    return BusinessDays(replace(profile, findings=(*profile.findings, finding)), True, day_of)


def _no_day(dates: Sequence[ColumnProfile], times: Mapping[str, pa.Array], zone: str) -> str:
    if times:
        return (
            f"{' and '.join(times)} in {zone} have other dates than the files' names: rename the column with the "
            "business day to day, or use --kind reference"
        )
    rename = f"rename {' or '.join(column.name for column in dates)}" if dates else "add one"
    return (
        "a daily dataset needs the column day with the business day, such as 2013-09-01: "
        f"{rename}, or use --kind reference for a table that is replaced whole"
    )
