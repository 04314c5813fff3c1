"""Infer the narrowest type that fits all texts of a column."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from contender.file_formats import TextForm, find_leading_zeros, fits_type, to_plain
from contender.lake.schema import arrow_type
from contender.specs import ColumnType, Csv

# Narrower types are tried first; 0 and 1 are integers rather than booleans.
_TRIED: tuple[ColumnType, ...] = ("integer", "number", "boolean", "date", "timestamp")
_FEW = 20


def infer_type(texts: pa.Array, form: TextForm | None = None) -> ColumnType:
    """Return the narrowest type that fits all texts in this form; `string` if all are missing."""
    if texts.null_count == len(texts):
        return "string"
    zeros = pc.any(find_leading_zeros(texts)).as_py()
    dated = form is not None and form.dates is not None and fits(texts, "date", form)
    for wanted in ("date",) if dated else _TRIED:
        if wanted in ("integer", "number") and zeros:
            continue  # 007 is a code, which would become 7 as a number
        if fits(texts, wanted, form):
            return wanted
    return "string"


def fits(texts: pa.Array, wanted: ColumnType, form: TextForm | None = None) -> bool:
    """Return whether all texts can be read as a type."""
    few = texts.slice(0, _FEW)  # most types are excluded by a few rows
    return all(fits_type(to_plain(part, wanted, form or Csv()), arrow_type(wanted)) for part in (few, texts))
