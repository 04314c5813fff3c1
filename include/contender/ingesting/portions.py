"""Read the files of one delivery into a spool: compare their headers, judge the days of their rows, number them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from contender.file_formats import UnreadableFile
from contender.ingesting.delivered_rows import FileReader, Piece
from contender.ingesting.derive import number_rows
from contender.lake import FILE_OF_ROW, NUMBER_OF_ROW, ORIGINS, SpooledRows
from contender.lake.schema import arrow_schema
from contender.landing import RawFile
from contender.records import Defect
from contender.specs import DatasetSpec, JsonLines

_SHOWN = 3


@dataclass(frozen=True)
class Delivered:
    """The rows of a raw file, typed by the contract; its defects; and its columns that are not in the contract.

    `header` are the file's columns; empty if the file cannot be read. `days` are the days of its rows.
    """

    raw: RawFile
    rows: SpooledRows
    defects: tuple[Defect, ...]
    header: tuple[str, ...] = ()
    aside: SpooledRows | None = None
    days: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Portion:
    """The files of a day, of several days, or of a table that is replaced as a whole, without their rows.

    `dropped` is the number of rows that equalled another one and were dropped; `days` are the days of the rows.
    """

    raws: tuple[RawFile, ...]
    defects: tuple[Defect, ...]
    dropped: int = 0
    days: frozenset[date] = frozenset()
    asides: tuple[tuple[RawFile, SpooledRows], ...] = ()


def read_portion(
    raws: Sequence[RawFile], spec: DatasetSpec, days: Sequence[date], into: SpooledRows
) -> Portion:
    """Read the files of these days, in order, and add their rows to a spool.

    `days` is empty for a table that is replaced as a whole. If the spool has the columns FILE_OF_ROW and NUMBER_OF_ROW,
    they are filled.
    """
    parts = tuple(read_delivery(raw, spec, into.beside(), days) for raw in raws)
    defects = [defect for part in parts for defect in part.defects]
    if not isinstance(spec.delivery.read_as, JsonLines):  # where an absent field is a missing value
        defects += _different_headers(parts)
    rows, number = into.beside(), spec.delivery.row_number
    for part in parts:
        rows.extend(part.rows)
    delivered = rows.num_rows
    if spec.delivery.duplicates == "drop_identical":
        names = [column.name for column in spec.columns if column.name != number]
        rows = into.beside(rows.distinct(names))
    dropped = delivered - rows.num_rows
    if number is not None:
        rows = into.beside(number_rows(rows, number, daily=bool(days)))
    into.extend(rows)
    return Portion(
        raws=tuple(raws),
        defects=tuple(defects),
        dropped=dropped,
        days=frozenset[date]().union(*(part.days for part in parts)),
        asides=tuple((part.raw, part.aside) for part in parts if part.aside is not None),
    )


def spool_for(spec: DatasetSpec, folder: Path, *, several_files: bool) -> SpooledRows:
    """Return an empty spool for the dataset's rows; for several files, with the file and the row in it of each."""
    schema = arrow_schema(spec.contract)
    return SpooledRows(pa.schema([*schema, *ORIGINS]) if several_files else schema, folder)


def read_delivery(raw: RawFile, spec: DatasetSpec, rows: SpooledRows, days: Sequence[date] = ()) -> Delivered:
    """Read a file into a spool: of a file that holds several days, the rows of these days.

    Defects are returned, not raised.
    """
    reader, found, aside = FileReader(raw, spec), _RowsOfDays(raw, spec, days), None
    try:
        for piece in map(found.take, reader):
            rows.add(_with_origins(piece, raw) if FILE_OF_ROW in rows.schema.names else piece.rows)
            if piece.aside is not None:
                aside = aside or SpooledRows(piece.aside.schema, rows.folder)
                aside.add(piece.aside)
    except UnreadableFile as error:
        return Delivered(raw, rows.beside(), (error.defect,))
    return Delivered(
        raw, rows, (*reader.defects, *found.describe()), reader.header, aside, frozenset(found.counts)
    )


def find_absent(portion: Portion, spec: DatasetSpec, days: Sequence[date]) -> list[date]:
    """Return the days that are not closed and not in readable files that hold several days."""
    if not spec.delivery.several_days or any(defect.severity == "fail" for defect in portion.defects):
        return []
    return [day for day in days if day not in portion.days and day not in spec.delivery.closed_days]


def count_days(raws: Sequence[RawFile], spec: DatasetSpec) -> Counter[date]:
    """Return how many rows of each day the files hold, as far as they can be read."""
    counts: Counter[date] = Counter()
    for raw in raws:
        with suppress(UnreadableFile):
            for piece in FileReader(raw, spec):
                counts += _count_days(piece)
    return counts


def _count_days(piece: Piece) -> Counter[date]:
    counted = pc.value_counts(piece.rows["day"]).to_pylist()
    return Counter({entry["values"]: entry["counts"] for entry in counted if entry["values"] is not None})


def _with_origins(piece: Piece, raw: RawFile) -> pa.Table:
    names = pa.array([raw.name] * len(piece.rows), pa.string())
    return piece.rows.append_column(FILE_OF_ROW, names).append_column(NUMBER_OF_ROW, piece.numbers)


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


class _RowsOfDays:
    """Takes the rows of some days from a file's pieces, and counts them; notes rows of days that it must not have."""

    def __init__(self, raw: RawFile, spec: DatasetSpec, days: Sequence[date]) -> None:
        self.counts: Counter[date] = Counter()
        self._raw, self._spec, self._days = raw, spec, days
        self._rows = self._misplaced = 0
        self._shown: list[str] = []

    def take(self, piece: Piece) -> Piece:
        """Return the rows of these days and those without a day, which fail the gate."""
        if not self._days:
            return piece
        self._rows += piece.rows.num_rows
        self._note_misplaced(piece)
        if self._spec.delivery.several_days:
            found = piece.rows["day"]
            piece = piece.take(pc.or_(pc.is_in(found, pa.array(self._days, pa.date32())), pc.is_null(found)))
        self.counts += _count_days(piece)
        return piece

    def describe(self) -> Iterator[Defect]:
        """Yield the defects of the pieces that have been taken."""
        if self._misplaced:
            yield Defect(
                what=f"{self._misplaced} of {self._rows} rows are of another day, for example "
                f"{', '.join(self._shown)}",
                where=f"{self._raw.name}, column day",
                way_out=self._way_out(),
            )
        for day in self._days:
            if self.counts[day] and day in self._spec.delivery.closed_days:
                yield Defect(
                    what=f"there are {self.counts[day]} rows of {day}, which the contract declares closed",
                    where=self._raw.name,
                    way_out="deliver no rows of the day, or remove it from `closed`, `closed_weekdays` or "
                    "`closed_holidays` in `delivery`",
                )

    def _note_misplaced(self, piece: Piece) -> None:
        days = piece.rows["day"]
        strange = pa.array(
            [day for day in pc.unique(days).to_pylist() if day and not self._belongs(day)], pa.date32()
        )
        if not len(strange):
            return
        chosen = pc.is_in(days, strange)
        self._misplaced += pc.sum(chosen).as_py()
        rows = piece.rows.select(["day"]).append_column("row", piece.numbers).filter(chosen)
        shown = [f"{row['day']} in row {row['row']}" for row in rows.slice(0, _SHOWN).to_pylist()]
        self._shown = [*self._shown, *shown][:_SHOWN]

    def _belongs(self, day: date) -> bool:
        """Return whether the file may have rows of a day."""
        delivery = self._spec.delivery
        if not delivery.several_days:
            return day == self._days[0]
        # A dated file with several days also has earlier ones, such as the last week.
        return delivery.is_dated or delivery.path_of(day) == delivery.path_of(self._days[0])

    def _way_out(self) -> str:
        delivery, day = self._spec.delivery, self._days[0]
        if delivery.several_days:
            return f"deliver only rows of the days of {delivery.path_of(day)} in it"
        way_out = f"deliver only the rows of {day} in this file"
        if delivery.day_of is not None:
            way_out += f", or correct `day_zone`: {delivery.day_of} is read in {delivery.zone_of_days}"
        return f"{way_out}, or set `several_days` in `delivery` if it holds more"
