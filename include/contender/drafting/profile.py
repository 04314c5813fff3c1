"""Looks at a delivered CSV file: of what type each column is to the reader that will land it, and what it holds."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from contender.csv_fields import as_texts, as_values, find_unfit
from contender.drafting.draft import DraftError
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

    @cached_property
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
        if self.type not in ("integer", "number") or self.missing == self.rows:
            return None
        extremes = pc.min_max(self.values).as_py()
        return extremes["min"], extremes["max"]

    @property
    def is_code(self) -> bool:
        """Whether its values look like numbers and are none: a leading zero would be lost."""
        return self.type == "string" and _casts(self.texts, "number") and self.missing < self.rows

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


def profile_columns(content: bytes) -> tuple[ColumnProfile, ...]:
    """The columns of a UTF-8 CSV file with a header and at least one row, in its order.

    Raises DraftError when the reader would refuse the file, or no contract could name its columns.
    """
    header, *body = _split_lines(content)
    _check_header(header)
    _check_lines(header, body)
    return tuple(
        profile_column(name, fields) for name, fields in zip(header, zip(*body, strict=True), strict=True)
    )


def profile_column(name: str, fields: Sequence[str]) -> ColumnProfile:
    """A column of these fields, of the narrowest type that the reader takes every one of them for."""
    texts = as_texts(fields)
    wanted = infer_type(texts)
    if unfit := find_unfit(texts, wanted).to_pylist():
        raise DraftError(f"the column {name!r} has control characters, as in {unfit[0][:40]!a}: deliver text")
    return ColumnProfile(name, wanted, texts, as_values(texts, wanted))


def infer_type(texts: pa.Array) -> ColumnType:
    """The narrowest type that every text can be read as; `string` when there are none to tell from."""
    if texts.null_count == len(texts):
        return "string"
    zeros = pc.any(pc.match_substring_regex(texts, _LEADING_ZERO)).as_py()
    for wanted in _TRIED:
        if wanted in ("integer", "number") and zeros:
            continue  # 007 is a code: as a number it would come back as 7
        if _casts(texts, wanted):
            return wanted
    return "string"


def _casts(texts: pa.Array, wanted: ColumnType) -> bool:
    try:
        as_values(texts, wanted)
    except pa.ArrowInvalid:
        return False
    return True


def _split_lines(content: bytes) -> list[list[str]]:
    """The header's fields and those of each line below it."""
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError as error:
        raise DraftError(f"byte {error.start} is not UTF-8: export the file as UTF-8") from None
    except csv.Error as error:
        raise DraftError(f"it is no CSV file: {error}: quote fields as RFC 4180 says") from None
    if not lines:
        raise DraftError("the file is empty: draft from a delivery with rows")
    return lines


def _check_header(header: Sequence[str]) -> None:
    for name in header:
        if not re.fullmatch(NAME_PATTERN, name) or len(name) > 60:
            raise DraftError(
                f"the column {name[:80]!r} has a name that no contract can state: deliver it as "
                f"{_nameable(name)!r}, in small letters, digits and _, at most 60 of them"
            )
        if header.count(name) > 1:
            raise DraftError(f"the column {name!r} is delivered twice: deliver it once, or rename one")


def _nameable(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    plain = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:60]
    return plain if re.match("[a-z]", plain) else f"c_{plain}".rstrip("_")[:60]


def _check_lines(header: Sequence[str], body: Sequence[Sequence[str]]) -> None:
    if not body:
        raise DraftError("the file has a header and no rows: draft from a delivery with rows")
    for number, line in enumerate(body, start=2):
        if len(line) != len(header):
            raise DraftError(
                f"line {number} has {len(line)} fields where the header has {len(header)}: "
                "draft from a whole file"
            )
