"""Make a sample of a table with edge values: missing, zero, negative, fractions, large, accents, first and last day."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any

import pyarrow as pa

from contender.lake.schema import arrow_schema
from contender.specs import Between, Column, ColumnType, Contract, Days, InSet, Matches

ROWS_A_DAY = 12

_TEXTS = ("A", "", "b", "Straße", "ÀÉ", " 5 ", "B", "5.5")
_OF_A_PATTERN = tuple(
    start + letter * length for start in ("", "N", "A") for letter in "A0a1" for length in range(1, 13)
)
_EDGES: Mapping[ColumnType, tuple[Any, ...]] = {
    "string": _TEXTS,
    "integer": (1, 0, 2, -1, 7, 100, -7, 1_000_000),
    "number": (0.5, 0.0, 1.5, -0.5, 2.5, -2.75, 1_000_000.25),
    "boolean": (True, False),
}
_TIMES = (time(0), time(12, 30), time(23, 59, 59, 999_999))


def sample_rows(contract: Contract, days: Days) -> pa.Table:
    """Return rows that meet the contract's expectations of single values; the same for equal arguments.

    A daily table has up to `ROWS_A_DAY` rows on its first days, its last two weeks, and every seventh day between.
    """
    chosen = [*days.each()]
    chosen = [day for n, day in enumerate(chosen) if n < 2 or n % 7 == 0 or n >= len(chosen) - 15]
    keys = _keys(contract, days)
    rows = [
        _row(contract, days, day, key, number + nth)
        for number, day in enumerate(chosen if contract.daily else [days.last])
        for nth, key in enumerate(keys)
    ]
    return pa.Table.from_pylist(rows, schema=arrow_schema(contract))


def _row(contract: Contract, days: Days, day: date, key: Mapping[str, Any], number: int) -> dict[str, Any]:
    row = dict(key)
    for place, column in enumerate(contract.columns):
        if column.name == "day" and contract.daily:
            row["day"] = day
        elif column.name not in row:
            values = [*([None] if column.nullable else []), *_values(contract, column, days, day)]
            row[column.name] = values[(number + place) % len(values)]
    return row


def _keys(contract: Contract, days: Days) -> list[dict[str, Any]]:
    """Return the key of each row of a day, all different."""
    columns = [
        c
        for c in contract.columns
        if c.name in contract.primary_key and not (c.name == "day" and contract.daily)
    ]
    values = [_values(contract, column, days, days.last) for column in columns]
    combined = list(itertools.product(*values))
    # Spread, so that every value of each key occurs.
    step = max(1, len(combined) // ROWS_A_DAY) | 1
    spread = dict.fromkeys(combined[(n * step) % len(combined)] for n in range(ROWS_A_DAY))
    return [dict(zip((c.name for c in columns), key, strict=True)) for key in spread]


def _values(contract: Contract, column: Column, days: Days, day: date) -> list[Any]:
    """Return the edge values of a column that its expectations allow."""
    if column.type == "date":
        return [day, days.first, days.last, date(2024, 2, 29)]
    if column.type == "timestamp":
        return [datetime.combine(day, moment, UTC) for moment in _TIMES]
    known: Sequence[Any] = _EDGES[column.type]
    allowed: list[Callable[[Any], bool]] = []
    for expectation in contract.expectations:
        match expectation:
            case InSet(column=column.name) if column.type == "string":
                known = expectation.values
            case Matches(column=column.name):
                known = (*_TEXTS, *_OF_A_PATTERN)
                allowed.append(partial(_matches, expectation))
            case Between(column=column.name):
                known = (*known, *_bounds(expectation, column))
                allowed.append(partial(_lies_within, expectation))
    found = [value for value in known if all(test(value) for test in allowed)]
    return found[:ROWS_A_DAY] or list(known)[:1]


def _matches(expectation: Matches, value: str) -> bool:
    return re.search(expectation.pattern, value) is not None


def _lies_within(expectation: Between, value: float) -> bool:
    low, high = expectation.low, expectation.high
    return (low is None or value >= low) and (high is None or value <= high)


def _bounds(expectation: Between, column: Column) -> Iterator[float]:
    for bound in (expectation.low, expectation.high):
        if bound is not None:
            yield int(bound) if column.type == "integer" else float(bound)
