"""Combine the files of one delivery: compare their headers, judge the days of their rows, and number their origins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from contender.ingesting.delivered_rows import Delivered, read_delivery
from contender.ingesting.derive import drop_identical, number_rows
from contender.lake import FILE_OF_ROW, NUMBER_OF_ROW
from contender.landing import RawFile
from contender.records import Defect
from contender.specs import DatasetSpec, JsonLines

_SHOWN = 3


@dataclass(frozen=True)
class Portion:
    """The files of a day, of several days, or of a table that is replaced as a whole.

    `rows` are the rows of all files, in order; `dropped` is the number of identical ones that were dropped before.
    """

    parts: tuple[Delivered, ...]
    rows: pa.Table
    defects: tuple[Defect, ...]
    dropped: int = 0

    @property
    def raws(self) -> tuple[RawFile, ...]:
        """The raw files."""
        return tuple(part.raw for part in self.parts)


def read_portion(raws: Sequence[RawFile], spec: DatasetSpec, days: Sequence[date]) -> Portion:
    """Read the files of these days, in order; `days` is empty for a table that is replaced as a whole."""
    parts = tuple(read_delivery(raw, spec) for raw in raws)
    if spec.delivery.several_days:
        parts = tuple(_take_days(part, spec, days) for part in parts)
    elif days:
        parts = tuple(part.with_defects(*_rows_of_other_days(part, spec, days[0])) for part in parts)
    closed = [day for day in days if day in spec.delivery.closed_days]
    parts = tuple(part.with_defects(*_rows_of_closed_days(part, closed)) for part in parts)
    defects = [defect for part in parts for defect in part.defects]
    if not isinstance(spec.delivery.read_as, JsonLines):  # where an absent field is a missing value
        defects += _different_headers(parts)
    rows, delivered = _concat(parts), sum(part.rows.num_rows for part in parts)
    if spec.delivery.duplicates == "drop_identical":
        rows = drop_identical(
            rows, [column.name for column in spec.columns if column.name != spec.delivery.row_number]
        )
    dropped = delivered - rows.num_rows
    if spec.delivery.row_number is not None:
        rows = number_rows(rows, spec.delivery.row_number, daily=bool(days))
    return Portion(parts, rows, tuple(defects), dropped)


def find_absent(portion: Portion, spec: DatasetSpec, days: Sequence[date]) -> list[date]:
    """Return the days that are not closed and not in readable files that hold several days."""
    if not spec.delivery.several_days or any(defect.severity == "fail" for defect in portion.defects):
        return []
    present = set(pc.unique(portion.rows["day"]).to_pylist())
    return [day for day in days if day not in present and day not in spec.delivery.closed_days]


def find_usual_day(rows: pa.Table) -> date | None:
    """Return the day of most rows; None if no row has a day."""
    days: list[date] = pc.mode(rows["day"].cast(pa.int32())).field("mode").cast(pa.date32()).to_pylist()
    return days[0] if days else None


def _concat(parts: Sequence[Delivered]) -> pa.Table:
    """Return the rows of all files; if there are several, with the file and the row in it of each."""
    if len(parts) == 1:
        return parts[0].rows
    return pa.concat_tables(
        part.rows.append_column(
            FILE_OF_ROW, pa.array([part.raw.name] * part.rows.num_rows, pa.string())
        ).append_column(NUMBER_OF_ROW, part.numbers)
        for part in parts
    )


def _different_headers(parts: Sequence[Delivered]) -> list[Defect]:
    """Return a defect for each file whose columns differ from those of the first; their order does not matter."""
    known = [part for part in parts if part.header]
    defects = []
    for part in known[1:]:
        first = known[0]
        differences = [
            f"{raw.name} has {', '.join(map(repr, only))}, which {other.name} does not have"
            for raw, other, only in (
                (first.raw, part.raw, [name for name in first.header if name not in part.header]),
                (part.raw, first.raw, [name for name in part.header if name not in first.header]),
            )
            if only
        ]
        if differences:
            defects.append(
                Defect(
                    what=f"the files of one delivery have different columns: {'; '.join(differences)}",
                    where=part.raw.name,
                    way_out="deliver all files with the same columns",
                )
            )
    return defects


def _take_days(delivered: Delivered, spec: DatasetSpec, days: Sequence[date]) -> Delivered:
    """Return the rows of these days and those without a day, which fail the gate."""
    found = delivered.rows["day"]
    wanted = pc.or_(pc.is_in(found, pa.array(days, pa.date32())), pc.is_null(found))
    taken = delivered.take(wanted)
    if spec.delivery.is_dated:  # a file that also has earlier days, such as the last week
        return taken
    path = spec.delivery.path_of(days[0])
    strange = [day for day in pc.unique(found).to_pylist() if day and spec.delivery.path_of(day) != path]
    misplaced = pc.is_in(found, pa.array(strange, pa.date32()))
    return taken.with_defects(
        *_misplaced(delivered, misplaced, f"deliver only rows of the days of {path} in it")
    )


def _rows_of_other_days(delivered: Delivered, spec: DatasetSpec, day: date) -> list[Defect]:
    differs = pc.fill_null(pc.not_equal(delivered.rows["day"], pa.scalar(day, pa.date32())), False)
    way_out = f"deliver only the rows of {day} in this file"
    if spec.delivery.day_of is not None:
        way_out += f", or correct `day_zone`: {spec.delivery.day_of} is read in {spec.delivery.zone_of_days}"
    return _misplaced(delivered, differs, f"{way_out}, or set `several_days` in `delivery` if it holds more")


def _misplaced(delivered: Delivered, chosen: pa.ChunkedArray, way_out: str) -> list[Defect]:
    """Return a defect if rows are chosen, with the first of them."""
    count = pc.sum(chosen).as_py() or 0
    if not count:
        return []
    rows = delivered.rows.select(["day"]).append_column("row", delivered.numbers).filter(chosen)
    shown = [f"{row['day']} in row {row['row']}" for row in rows.slice(0, _SHOWN).to_pylist()]
    return [
        Defect(
            what=f"{count} of {delivered.rows.num_rows} rows are of another day, for example {', '.join(shown)}",
            where=f"{delivered.raw.name}, column day",
            way_out=way_out,
        )
    ]


def _rows_of_closed_days(delivered: Delivered, closed: Sequence[date]) -> list[Defect]:
    days = delivered.rows["day"] if closed else None
    counts = {day: pc.sum(pc.equal(days, pa.scalar(day, pa.date32()))).as_py() or 0 for day in closed}
    return [
        Defect(
            what=f"there are {count} rows of {day}, which the contract declares closed",
            where=delivered.raw.name,
            way_out="deliver no rows of the day, or remove it from `closed`, `closed_weekdays` or `closed_holidays` in "
            "`delivery`",
        )
        for day, count in counts.items()
        if count
    ]
