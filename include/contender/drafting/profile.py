"""Looks at a delivered CSV file: of what type each column is to the reader that will land it, and what it holds."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from contender.csv_fields import find_unfit, find_unreadable, judge_names, read_header, read_texts, why_no_csv
from contender.drafting.draft import DraftError
from contender.lake.schema import arrow_type
from contender.landing import RawFile
from contender.records import Defect
from contender.specs import ColumnType
from contender.specs.columns import NAME_PATTERN

# The narrower a type, the earlier it is tried; 0 and 1 are numbers before they are truth values.
_TRIED: tuple[ColumnType, ...] = ("integer", "number", "boolean", "date", "timestamp")
_LEADING_ZERO = r"^[-+]?0[0-9xX]"
_WITHOUT_ZONE = pa.timestamp("us")


@dataclass(frozen=True)
class ColumnProfile:
    """A column's type, and its values as the reader makes them."""

    name: str
    type: ColumnType
    texts: pa.Array
    values: pa.Array

    @property
    def rows(self) -> int:
        """How many rows there are, with a value or without."""
        return len(self.values)

    @property
    def missing(self) -> int:
        """How many rows have no value."""
        return int(self.values.null_count)

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        """The different texts, sorted."""
        return tuple(sorted(text for text in pc.unique(self.texts).to_pylist() if text is not None))

    @cached_property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the greatest number; None of a column without numbers."""
        if self.type not in ("integer", "number"):
            return None
        found = pc.min_max(self.values).as_py()
        return found["min"], found["max"]

    @property
    def is_code(self) -> bool:
        """Whether its values look like numbers and are none: a leading zero would be lost."""
        return self.type == "string" and _fits(self.texts, "number") and self.missing < self.rows

    @property
    def is_time_without_zone(self) -> bool:
        """Whether its values are points of time but for the zone, without which the reader takes none."""
        if self.type != "string" or self.missing == self.rows:
            return False
        try:
            pc.cast(self.texts, _WITHOUT_ZONE)
        except pa.ArrowInvalid:
            return False
        return True


def profile_columns(raw: RawFile) -> tuple[ColumnProfile, ...]:
    """The columns of a UTF-8 CSV file with a header and at least one row, in its order.

    Raises DraftError when the reader would have anything to say against the file, or no contract could name its
    columns.
    """
    texts = _read(raw)
    return tuple(profile_column(name, texts[name].combine_chunks()) for name in texts.column_names)


def profile_column(name: str, texts: pa.Array) -> ColumnProfile:
    """A column of the narrowest type that the reader takes every text for. Raises DraftError when there is none."""
    wanted = infer_type(texts)
    if len(find_unfit(texts, arrow_type(wanted))):
        raise DraftError(f"the column {name} holds control characters: deliver it without")
    return ColumnProfile(name, wanted, texts, pc.cast(texts, arrow_type(wanted)))


def infer_type(texts: pa.Array) -> ColumnType:
    """The narrowest type that every text can be read as; `string` when there are none to tell from."""
    if texts.null_count == len(texts):
        return "string"
    zeros = pc.any(pc.match_substring_regex(texts, _LEADING_ZERO)).as_py()
    for wanted in _TRIED:
        if wanted in ("integer", "number") and zeros:
            continue  # 007 is a code: as a number it would come back as 7
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
            "draft from a whole file"
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
                f"the column {name[:80]!a} has a name that no contract can state: deliver it as "
                f"{_nameable(name)!r}, in small letters, digits and _, at most 60 of them"
            )


def _nameable(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    plain = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:60]
    return plain if re.match("[a-z]", plain) else f"c_{plain}".rstrip("_")[:60]
