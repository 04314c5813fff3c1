"""Combine the files of one delivery: compare their headers, judge the days of their rows, and number their origins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from contender.ingesting.delivered_rows import Delivered, read_delivery
from contender.lake import FILE_OF_ROW, NUMBER_OF_ROW
from contender.landing import RawFile
from contender.records import Defect
from contender.specs import DatasetSpec, JsonLines

_SHOWN = 3


@dataclass(frozen=True)
class Portion:
    """The files of a day, or of a table that is replaced as a whole; `rows` are the rows of all files, in order."""

    parts: tuple[Delivered, ...]
    rows: pa.Table
    defects: tuple[Defect, ...]

    @property
    def raws(self) -> tuple[RawFile, ...]:
        """The raw files."""
        return tuple(part.raw for part in self.parts)


def read_portion(raws: Sequence[RawFile], spec: DatasetSpec, day: date | None) -> Portion:
    """Read the files of a day, in order; `day` is None for a table that is replaced as a whole."""
    parts = tuple(read_delivery(raw, spec) for raw in raws)
    if day is not None:
        parts = tuple(_judge_day(part, spec, day) for part in parts)
    defects = [defect for part in parts for defect in part.defects]
    if not isinstance(spec.delivery.read_as, JsonLines):  # where an absent field is a missing value
        defects += _different_headers(parts)
    return Portion(parts, _concat(parts), tuple(defects))


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


def _judge_day(delivered: Delivered, spec: DatasetSpec, day: date) -> Delivered:
    misplaced = _rows_of_other_days(delivered, day)
    unexpected = _rows_of_a_closed_day(delivered, day) if day in spec.delivery.closed_days else []
    return delivered.with_defects(*misplaced, *unexpected)


def _rows_of_other_days(delivered: Delivered, day: date) -> list[Defect]:
    days = delivered.rows["day"]
    differs = pc.fill_null(pc.not_equal(days, pa.scalar(day, pa.date32())), False)
    count = pc.sum(differs).as_py() or 0
    if not count:
        return []
    first = delivered.rows.select(["day"]).append_column("row", delivered.numbers).filter(differs)
    shown = [f"{row['day']} in row {row['row']}" for row in first.slice(0, _SHOWN).to_pylist()]
    return [
        Defect(
            what=f"{count} of {len(days)} rows are of another day, for example {', '.join(shown)}",
            where=f"{delivered.raw.name}, column day",
            way_out=f"deliver only the rows of {day} in this file",
        )
    ]


def _rows_of_a_closed_day(delivered: Delivered, day: date) -> list[Defect]:
    if delivered.rows.num_rows == 0:
        return []
    return [
        Defect(
            what=f"there are {delivered.rows.num_rows} rows of {day}, which the contract declares closed",
            where=delivered.raw.name,
            way_out="deliver no file for the day, or remove it from `closed` or `closed_weekdays` in `delivery`",
        )
    ]
