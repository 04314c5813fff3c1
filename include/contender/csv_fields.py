"""The fields of a delivered CSV file, as texts and as typed values: one reader for all who read deliveries."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from contender.lake.schema import arrow_type
from contender.specs import ColumnType

_MISSING = ("", "NA")


class NotCsv(Exception):  # noqa: N818 - who reads a delivery decides whether that is an error
    """The bytes are no UTF-8 CSV file: `what` they are instead, and the `way_out`."""

    def __init__(self, what: str, way_out: str) -> None:
        self.what = what
        self.way_out = way_out
        super().__init__(f"{what}: {way_out}")


def split_lines(content: bytes) -> list[list[str]]:
    """The header's fields and those of each line below it. Raises NotCsv, also for an empty file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotCsv(f"byte {error.start} is not UTF-8", "export the file as UTF-8") from None
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise NotCsv(f"it is no CSV file: {error}", "quote fields as RFC 4180 says") from None
    if not lines:
        raise NotCsv("the file is empty", "deliver it again")
    return lines


def as_texts(fields: Sequence[str]) -> pa.Array:
    """The fields of a column; empty ones and `NA` are missing values."""
    return pa.array([None if field in _MISSING else field for field in fields], pa.string())


def as_values(texts: pa.Array | pa.Scalar, wanted: ColumnType) -> pa.Array | pa.Scalar:
    """Texts as values of the type. Raises pyarrow.ArrowInvalid when one of them is not exactly that."""
    return pc.cast(texts, arrow_type(wanted))
