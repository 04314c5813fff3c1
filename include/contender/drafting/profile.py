"""Profile a delivered CSV file: the type of each column, as ingestion reads it, and its values."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from contender.csv_fields import (
    find_leading_zeros,
    find_unfit,
    find_unreadable,
    judge_names,
    read_header,
    read_texts,
    why_no_csv,
)
from contender.drafting.draft import DraftError
from contender.lake.schema import arrow_type
from contender.landing import RawFile
from contender.records import Defect
from contender.specs import ColumnType
from contender.specs.columns import NAME_PATTERN

# Narrower types are tried first; 0 and 1 are integers rather than booleans.
_TRIED: tuple[ColumnType, ...] = ("integer", "number", "boolean", "date", "timestamp")
_WITHOUT_ZONE = pa.timestamp("us")


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
        return self.type == "string" and _fits(self.texts, "number") and self.missing < self.rows

    @property
    def is_time_without_zone(self) -> bool:
        """Whether the values are timestamps without a time zone, which ingestion does not accept."""
        if self.type != "string" or self.missing == self.rows:
            return False
        try:
            pc.cast(self.texts, _WITHOUT_ZONE)
        except pa.ArrowInvalid:
            return False
        return True


def profile_columns(raw: RawFile) -> tuple[ColumnProfile, ...]:
    """Return the columns of a UTF-8 CSV file with a header and at least one row, in its order.

    Raises DraftError if the file has defects, or its column names are not valid in a contract.
    """
    texts = _read(raw)
    return tuple(profile_column(name, texts[name].combine_chunks()) for name in texts.column_names)


def profile_column(name: str, texts: pa.Array) -> ColumnProfile:
    """Return the profile of a column with the narrowest type that fits all texts. Raises DraftError if none does."""
    wanted = infer_type(texts)
    if len(find_unfit(texts, arrow_type(wanted))):
        raise DraftError(f"the column {name} has control characters: deliver it without them")
    return ColumnProfile(name, wanted, texts, pc.cast(texts, arrow_type(wanted)))


def infer_type(texts: pa.Array) -> ColumnType:
    """Return the narrowest type that fits all texts; `string` if all are missing."""
    if texts.null_count == len(texts):
        return "string"
    zeros = pc.any(find_leading_zeros(texts)).as_py()
    for wanted in _TRIED:
        if wanted in ("integer", "number") and zeros:
            continue  # 007 is a code, which would become 7 as a number
        if _fits(texts, wanted):
            return wanted
    return "string"


def _fits(texts: pa.Array, wanted: ColumnType) -> bool:
    return not len(find_unfit(texts, arrow_type(wanted)))


def _read(raw: RawFile) -> pa.Table:
    if trouble := find_unreadable(raw):
        raise _refused(trouble)
    try:
        header, has_rows = read_header(raw)
        _check_names(header)
        if trouble := judge_names(raw, header):
            raise _refused(trouble)
        texts, ragged = read_texts(raw, header) if has_rows else (None, [])
    except (csv.Error, pa.ArrowInvalid) as error:
        raise _refused(why_no_csv(raw, error)) from None
    if ragged:
        raise DraftError(
            f"line {ragged[0].number} has {ragged[0].actual_columns} fields where the header has {len(header)}: "
            "draft from a complete file"
        )
    if texts is None or not len(texts):
        raise DraftError("the file has a header and no rows: draft from a delivery with rows")
    return texts


def _refused(defect: Defect) -> DraftError:
    return DraftError(f"{defect.what}: {defect.way_out}")


def _check_names(header: Sequence[str]) -> None:
    if not header:
        raise DraftError("the first line is empty: deliver the columns' names in it")
    for name in header:
        if not re.fullmatch(NAME_PATTERN, name) or len(name) > 60:
            raise DraftError(
                f"the column {name[:80]!a} has a name that is not valid in a contract: deliver it as "
                f"{_nameable(name)!r}, with lower-case letters, digits and _, at most 60 characters"
            )


def _nameable(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    plain = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:60]
    return plain if re.match("[a-z]", plain) else f"c_{plain}".rstrip("_")[:60]
