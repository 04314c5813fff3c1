"""Find the smallest set of columns that identifies the rows of a delivery."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice

import pandas as pd
import pyarrow as pa

from contender.drafting.draft import DraftError
from contender.drafting.profile import ColumnProfile

LONGEST = 4
# Maximum number of column sets to try before accepting a set that may not be the smallest.
TRIED = 20_000
_GLANCE = 1_000
_IDENTIFIER = re.compile(r"(^|_)(id|uuid|key|code|no|nr|number)$")


def is_identifier(name: str) -> bool:
    """Return whether a column's name is that of an identifier."""
    return _IDENTIFIER.search(name) is not None


def find_key(columns: Sequence[ColumnProfile]) -> tuple[str, ...]:
    """Return the smallest unique set of columns without missing values, in the file's order.

    Among sets of equal size, identifiers come first, then columns further left; measures (numbers with fractions) are
    used only if nothing else is unique. With very many columns the set may not be the smallest. Raises DraftError if
    all columns together are not unique.
    """
    whole = [column for column in columns if column.missing == 0]
    ordered = sorted(whole, key=lambda column: not is_identifier(column.name))
    # Typed as in the gate, so that uniqueness means the same here and there.
    rows = pa.table({column.name: column.values for column in whole}).to_pandas()
    named = [column.name for column in ordered if column.type != "number"]
    found = _smallest(rows, named) or _smallest(rows, [column.name for column in ordered])
    if found is None:
        raise DraftError(_not_unique(columns, rows))
    return tuple(column.name for column in columns if column.name in found)


def _smallest(rows: pd.DataFrame, names: Sequence[str]) -> tuple[str, ...] | None:
    if len(rows) == 1 and names:
        return (names[0],)
    if not names or not _is_unique(rows, names):
        return None
    counts = {name: int(rows[name].nunique()) for name in names}
    for tried in islice(_candidates(names), TRIED):
        if _may_be_unique(counts, tried, len(rows)) and _is_unique(rows, tried):
            return tried
    return _thinned(rows, names)


def _candidates(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for size in range(1, LONGEST + 1):
        yield from combinations(names, size)


def _may_be_unique(counts: Mapping[str, int], names: Sequence[str], rows: int) -> bool:
    return math.prod(counts[name] for name in names) >= rows


def _is_unique(rows: pd.DataFrame, names: Sequence[str]) -> bool:
    wanted = list(names)
    alike = rows.head(_GLANCE).duplicated(wanted).any() or rows.duplicated(wanted).any()
    return not alike


def _thinned(rows: pd.DataFrame, names: Sequence[str]) -> tuple[str, ...]:
    """Return a unique set of columns, found by removing columns from the last one on."""
    kept = list(names)
    for name in reversed(names):
        fewer = [other for other in kept if other != name]
        if fewer and _is_unique(rows, fewer):
            kept = fewer
    return tuple(kept)


def _not_unique(columns: Sequence[ColumnProfile], rows: pd.DataFrame) -> str:
    if rows.columns.empty:
        return "no key: every column has missing values: deliver a column that identifies each row"
    everything = pa.table({column.name: column.values for column in columns}).to_pandas()
    if repeated := int(everything.duplicated().sum()):
        return f"no key: {repeated} of {len(everything)} rows repeat another one: deliver each row once"
    later = int(rows.duplicated().to_numpy().argmax())
    earlier = int((rows == rows.iloc[later]).all(axis="columns").to_numpy().argmax())
    return (
        f"no key: rows {earlier + 2} and {later + 2} differ only in columns with missing values: "
        "deliver a column that identifies each row"
    )
