"""A contract's promises as Great Expectations' own, each beside its wording for people."""

from __future__ import annotations

from functools import singledispatch

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation as GxExpectation

from contender.specs import (
    Between,
    Expectation,
    InSet,
    Matches,
    NotNull,
    OrderedPair,
    RowCount,
    Unique,
)


def build_expectation(promise: Expectation, days: int) -> GxExpectation:
    """The promise as Great Expectations checks it, over a batch of so many days."""
    return _build(promise, days)


def describe(promise: Expectation, days: int) -> str:
    """The promise in words."""
    mostly = getattr(promise, "mostly", 1.0)
    share = "" if mostly == 1 else f" in {mostly:.0%} of rows"
    return _describe(promise, days) + share


@singledispatch
def _build(promise: object, days: int) -> GxExpectation:
    raise TypeError(f"no expectation is known for {promise!r}")


@_build.register
def _(promise: NotNull, days: int) -> GxExpectation:  # noqa: ARG001
    return gxe.ExpectColumnValuesToNotBeNull(column=promise.column, mostly=promise.mostly)


@_build.register
def _(promise: Between, days: int) -> GxExpectation:  # noqa: ARG001
    return gxe.ExpectColumnValuesToBeBetween(
        column=promise.column, min_value=promise.low, max_value=promise.high, mostly=promise.mostly
    )


@_build.register
def _(promise: InSet, days: int) -> GxExpectation:  # noqa: ARG001
    return gxe.ExpectColumnValuesToBeInSet(
        column=promise.column, value_set=list(promise.values), mostly=promise.mostly
    )


@_build.register
def _(promise: Matches, days: int) -> GxExpectation:  # noqa: ARG001
    return gxe.ExpectColumnValuesToMatchRegex(
        column=promise.column, regex=promise.pattern, mostly=promise.mostly
    )


@_build.register
def _(promise: OrderedPair, days: int) -> GxExpectation:  # noqa: ARG001
    return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=promise.high, column_B=promise.low, or_equal=True, ignore_row_if="either_value_is_missing"
    )


@_build.register
def _(promise: Unique, days: int) -> GxExpectation:  # noqa: ARG001
    if len(promise.key) == 1:
        return gxe.ExpectColumnValuesToBeUnique(column=promise.key[0])
    return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(promise.key))


@_build.register
def _(promise: RowCount, days: int) -> GxExpectation:
    return gxe.ExpectTableRowCountToBeBetween(
        min_value=promise.low * days, max_value=promise.high * days
    )


@singledispatch
def _describe(promise: object, days: int) -> str:
    raise TypeError(f"no wording is known for {promise!r}")


@_describe.register
def _(promise: NotNull, days: int) -> str:  # noqa: ARG001
    return f"{promise.column} has a value"


@_describe.register
def _(promise: Between, days: int) -> str:  # noqa: ARG001
    low = "any" if promise.low is None else f"{promise.low:g}"
    high = "any" if promise.high is None else f"{promise.high:g}"
    return f"{promise.column} is between {low} and {high}"


@_describe.register
def _(promise: InSet, days: int) -> str:  # noqa: ARG001
    return f"{promise.column} is one of {', '.join(promise.values)}"


@_describe.register
def _(promise: Matches, days: int) -> str:  # noqa: ARG001
    return f"{promise.column} has the form {promise.pattern}"


@_describe.register
def _(promise: OrderedPair, days: int) -> str:  # noqa: ARG001
    return f"{promise.low} is not above {promise.high}"


@_describe.register
def _(promise: Unique, days: int) -> str:  # noqa: ARG001
    return f"no two rows share {', '.join(promise.key)}"


@_describe.register
def _(promise: RowCount, days: int) -> str:
    return f"there are {promise.low * days} to {promise.high * days} rows"
