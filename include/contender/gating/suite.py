"""Translate a contract's expectations into those of Great Expectations."""

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


def build_expectation(expectation: Expectation, days: int) -> GxExpectation:
    """Return the Great Expectations form of an expectation, for a batch with a number of open days."""
    match expectation:
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
                column_B=local_day_name(expectation),
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


def local_day_name(expectation: OnDay) -> str:
    """Return the name of the derived column with a timestamp's local day."""
    return f"{expectation.column} in {expectation.zone}"
