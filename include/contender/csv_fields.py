"""The fields of a delivered CSV file as typed values: one reading for all who look at deliveries."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from contender.lake.schema import arrow_type
from contender.specs import ColumnType

MISSING = ["", "NA"]
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"


def as_texts(fields: Sequence[str]) -> pa.Array:
    """The fields of a column; empty ones and `NA` are missing values."""
    return pa.array([None if field in MISSING else field for field in fields], pa.string())


def as_values(texts: pa.Array, wanted: ColumnType) -> pa.Array:
    """Texts as values of the type. Raises pyarrow.ArrowInvalid when one of them is not exactly that."""
    if unfit := find_unfit(texts, wanted).to_pylist():
        raise pa.ArrowInvalid(f"{unfit[0]!r} is no {wanted}")
    return pc.cast(texts, arrow_type(wanted))


def find_unfit(texts: pa.Array, wanted: ColumnType) -> pa.Array:
    """The distinct texts that are not of the type; control characters fit nowhere, nor do nan and inf."""
    if wanted == "string":
        return pc.unique(texts.filter(pc.match_substring_regex(texts, _CONTROL)))
    try:
        values = pc.cast(texts, arrow_type(wanted))
    except pa.ArrowInvalid:
        distinct = pc.drop_null(pc.unique(texts))
        return pa.array([text for text in distinct.to_pylist() if not _fits(text, wanted)], pa.string())
    if wanted == "number":
        return pc.unique(texts.filter(pc.fill_null(pc.invert(pc.is_finite(values)), False)))
    return pa.array([], pa.string())


def _fits(text: str, wanted: ColumnType) -> bool:
    try:
        value = pc.cast(pa.scalar(text), arrow_type(wanted))
    except pa.ArrowInvalid:
        return False
    return wanted != "number" or bool(pc.is_finite(value).as_py())
