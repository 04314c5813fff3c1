"""A contract's promises as Great Expectations' own, and in words for people."""

from __future__ import annotations

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation as GxExpectation

from contender.specs import (
    Between,
    Expectation,
    InSet,
    Matches,
    NotNull,
    OnDay,
    OrderedPair,
    RowCount,
    Unique,
)


def build_expectation(promise: Expectation, days: int) -> GxExpectation:
    """The promise as Great Expectations checks it, over a batch of so many days."""
    match promise:
        case NotNull(column=column, mostly=mostly):
            return gxe.ExpectColumnValuesToNotBeNull(column=column, mostly=mostly)
        case Between(column=column, low=low, high=high, mostly=mostly):
            return gxe.ExpectColumnValuesToBeBetween(
                column=column, min_value=low, max_value=high, mostly=mostly
            )
        case InSet(column=column, values=values, mostly=mostly):
            return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(values), mostly=mostly)
        case Matches(column=column, pattern=pattern, mostly=mostly):
            return gxe.ExpectColumnValuesToMatchRegex(column=column, regex=pattern, mostly=mostly)
        case OnDay(column=column, mostly=mostly):
            return gxe.ExpectColumnPairValuesToBeEqual(
                column_A="day",
                column_B=local_day_name(promise),
                ignore_row_if="either_value_is_missing",
                mostly=mostly,
            )
        case OrderedPair(low=low_column, high=high_column):
            return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A=high_column,
                column_B=low_column,
                or_equal=True,
                ignore_row_if="either_value_is_missing",
            )
        case Unique(key=(column,)):
            return gxe.ExpectColumnValuesToBeUnique(column=column)
        case Unique(key=key):
            return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(key))
        case RowCount(low=fewest, high=most):
            return gxe.ExpectTableRowCountToBeBetween(min_value=fewest * days, max_value=most * days)


def local_day_name(promise: OnDay) -> str:
    """The column that a batch gets beside its own: the local day of a moment."""
    return f"{promise.column} in {promise.zone}"


def describe(promise: Expectation, days: int) -> str:
    """The promise in words."""
    match promise:
        case NotNull(column=column):
            told = f"{column} has a value"
        case Between(column=column, low=low, high=high):
            bounds = ("any" if bound is None else f"{bound:g}" for bound in (low, high))
            told = f"{column} is between {' and '.join(bounds)}"
        case InSet(column=column, values=values):
            told = f"{column} is one of {', '.join(values)}"
        case Matches(column=column, pattern=pattern):
            told = f"{column} has the form {pattern}"
        case OnDay(column=column, zone=zone):
            told = f"{column} falls on its day, by the clocks of {zone}"
        case OrderedPair(low=low_column, high=high_column):
            told = f"{low_column} is not above {high_column}"
        case Unique(key=key):
            told = f"no two rows share {', '.join(key)}"
        case RowCount(low=fewest, high=most):
            told = f"there are {fewest * days} to {most * days} rows"
    mostly = getattr(promise, "mostly", 1.0)
    return told if mostly == 1 else f"{told} in {mostly:.0%} of rows"
