"""Validate many expectations about single values with a few of Great Expectations, on stacked columns.

An expectation costs Great Expectations about five milliseconds, however few the rows, and a wide table has hundreds. A
rule that every value of some columns must pass holds for each column if and only if it holds for all their values
stacked in one column, each beside its own bounds. Great Expectations says which values fail, and thus which
expectations.

At first, only values that can decide are stacked: of bounds, the least and the greatest value of a column; else the
distinct values. All values of the columns that fail are stacked afterwards, for counts and keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeGuard

import great_expectations as gx
import great_expectations.expectations as gxe
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from great_expectations.expectations.expectation import Expectation as GxExpectation

from contender.gating.batches import batch_of_frame, read_columns
from contender.gating.validation import SAMPLED_ROWS, Outcome
from contender.records import StagedBatch
from contender.specs import Between, Contract, Expectation, InSet, Matches, NotNull

OfValues = NotNull | Between | InSet | Matches

_CELLS = 20_000_000  # values that are read or stacked at once
_FORMAT = {
    "result_format": "COMPLETE",
    "exclude_unexpected_values": True,
    "return_unexpected_index_query": False,
}


class _Stack(NamedTuple):
    """The values of several expectations, one below the other."""

    expectations: Sequence[OfValues]
    values: Sequence[pa.Array]

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """The first row of each expectation, and the number of rows."""
        return np.cumsum([0, *map(len, self.values)])


class _StackError(Exception):
    """Great Expectations raised an exception for a stack."""


def is_stackable(expectation: Expectation, contract: Contract) -> TypeGuard[OfValues]:
    """Return whether an expectation is about every value of a column of a type that it is meant for."""
    if not isinstance(expectation, NotNull | Between | InSet | Matches) or expectation.mostly != 1.0:
        return False
    kind = next(column.type for column in contract.columns if column.name == expectation.column)
    match expectation:
        case NotNull():
            return True
        case Between():
            return kind in ("integer", "number")
        case _:
            return kind == "string"


def validate_stacked(contract: Contract, batch: StagedBatch) -> dict[Expectation, Outcome]:
    """Return the outcome of each stackable expectation, except those for which the stack raised an exception."""
    wanted = [e for e in contract.all_expectations() if is_stackable(e, contract)]
    deciding: dict[OfValues, pa.Array] = {}
    for column, expectations in _read_by_column(batch, wanted):
        for expectation in expectations:
            deciding[expectation] = _deciding(expectation, _as_judged(expectation, column))
    passed: list[OfValues] = []
    failed: list[OfValues] = []
    for alike in _alike(deciding):
        with suppress(_StackError):
            rows = _failing_rows(_Stack(alike, [deciding[expectation] for expectation in alike]))
            for expectation in alike:
                (failed if len(rows[expectation]) else passed).append(expectation)
    return {**dict.fromkeys(passed, Outcome(success=True)), **dict(_describe(contract, batch, failed))}


def _read_by_column(
    batch: StagedBatch, expectations: Iterable[OfValues]
) -> Iterator[tuple[pa.ChunkedArray, list[OfValues]]]:
    by_column: dict[str, list[OfValues]] = {}
    for expectation in expectations:
        by_column.setdefault(expectation.column, []).append(expectation)
    names, at_once = list(by_column), max(1, _CELLS // max(1, batch.rows))
    for first in range(0, len(names), at_once):
        table = read_columns(batch, names[first : first + at_once])
        for name in table.column_names:
            yield table[name], by_column[name]


def _as_judged(expectation: OfValues, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column's values in a type that all columns of such expectations share."""
    match expectation:
        case NotNull():
            missing = pc.is_null(column, nan_is_null=True)
            return pc.if_else(missing, pa.scalar(None, pa.float64()), pa.scalar(1.0))
        case Between():
            # Bounds are floating-point numbers, to which integers are compared as such.
            return pc.cast(column, pa.float64(), safe=False)
        case _:
            return pc.cast(column, pa.string())


def _deciding(expectation: OfValues, values: pa.ChunkedArray) -> pa.Array:
    """Return some of the values, of which one fails if any of all values does."""
    if isinstance(expectation, Between):
        ends = pc.min_max(values)
        return pa.array([ends["min"].as_py(), ends["max"].as_py()], pa.float64())
    return pc.unique(values)


def _alike(expectations: Iterable[OfValues]) -> Iterable[list[OfValues]]:
    """Return the expectations in groups that one stack can hold."""
    groups: dict[tuple[str, ...], list[OfValues]] = {}
    for expectation in expectations:
        pattern = (expectation.pattern,) if isinstance(expectation, Matches) else ()
        groups.setdefault((expectation.kind, *pattern), []).append(expectation)
    return groups.values()


def _failing_rows(stack: _Stack) -> Mapping[OfValues, npt.NDArray[np.int64]]:
    """Return the places of each expectation's failing values among its values. Raises _StackError."""
    columns, built = _build(stack)
    suite = gx.ExpectationSuite(name="stack", expectations=built)
    failing: set[int] = set()
    for result in batch_of_frame(pd.DataFrame(columns)).validate(suite, result_format=_FORMAT).results:
        if (result.exception_info or {}).get("raised_exception"):
            raise _StackError
        if not result.success:
            failing.update(result.result["unexpected_index_list"])
    places, starts = np.array(sorted(failing), np.int64), stack.starts
    parts = np.split(places, np.searchsorted(places, starts[1:-1]))
    return {
        expectation: part - start
        for expectation, part, start in zip(stack.expectations, parts, starts[:-1], strict=True)
    }


def _build(stack: _Stack) -> tuple[dict[str, Any], list[GxExpectation]]:
    """Return the columns of a stack, and the expectations of Great Expectations about them."""
    first, lengths = stack.expectations[0], np.diff(stack.starts)
    match first:
        case NotNull():
            return {"value": _in_pandas(stack.values)}, [gxe.ExpectColumnValuesToNotBeNull(column="value")]
        case Matches(pattern=pattern):
            values = _in_pandas(stack.values)
            return {"value": values}, [gxe.ExpectColumnValuesToMatchRegex(column="value", regex=pattern)]
        case InSet():
            return _build_sets(stack)
        case Between():
            bounds = [(e.low, e.high) for e in stack.expectations if isinstance(e, Between)]
            low, high = np.repeat(np.array(bounds, np.float64), lengths, axis=0).T
            columns = {"value": _in_pandas(stack.values), "low": low, "high": high}
            return columns, [_at_least("value", "low"), _at_least("high", "value")]


def _at_least(high: str, low: str) -> GxExpectation:
    return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=high, column_B=low, or_equal=True, ignore_row_if="either_value_is_missing"
    )


def _build_sets(stack: _Stack) -> tuple[dict[str, Any], list[GxExpectation]]:
    """Return values and listed ones, each marked by the number of its set, as 3:JFK."""
    sets = [e.values for e in stack.expectations if isinstance(e, InSet)]
    numbers = {listed: number for number, listed in enumerate(dict.fromkeys(sets))}
    marked = [
        pc.binary_join_element_wise(f"{numbers[listed]}:", values, "")
        for listed, values in zip(sets, stack.values, strict=True)
    ]
    allowed = [f"{number}:{value}" for listed, number in numbers.items() for value in listed]
    return {"value": _in_pandas(marked)}, [gxe.ExpectColumnValuesToBeInSet(column="value", value_set=allowed)]


def _in_pandas(values: Sequence[pa.Array]) -> Any:
    return pa.chunked_array(values).to_pandas()


def _describe(
    contract: Contract, batch: StagedBatch, failed: Sequence[OfValues]
) -> Iterator[tuple[Expectation, Outcome]]:
    """Yield the outcome of each failed expectation with the number of failing rows, and the keys of some."""
    keys = read_columns(batch, contract.primary_key) if failed else None
    for columns in _few_at_once(batch, failed):
        for alike in _alike(columns):
            judged = [_as_judged(expectation, columns[expectation]).combine_chunks() for expectation in alike]
            with suppress(_StackError):
                rows = _failing_rows(_Stack(alike, judged))
                for expectation in alike:
                    figures = _figures(expectation, columns[expectation], rows[expectation], keys)
                    yield expectation, Outcome(success=False, figures=figures)


def _few_at_once(
    batch: StagedBatch, expectations: Sequence[OfValues]
) -> Iterator[dict[OfValues, pa.ChunkedArray]]:
    at_once = max(1, _CELLS // max(1, batch.rows))
    for first in range(0, len(expectations), at_once):
        few = expectations[first : first + at_once]
        table = read_columns(batch, tuple(dict.fromkeys(e.column for e in few)))
        yield {expectation: table[expectation.column] for expectation in few}


def _figures(
    expectation: OfValues, column: pa.ChunkedArray, rows: npt.NDArray[np.int64], keys: pa.Table
) -> dict[str, Any]:
    sampled = pa.array(rows[:SAMPLED_ROWS])
    example = [] if isinstance(expectation, NotNull) else column.take(sampled[:1]).to_pylist()
    return {
        "unexpected_count": len(rows),
        "partial_unexpected_list": example,
        "partial_unexpected_index_list": keys.take(sampled).to_pylist(),
    }
