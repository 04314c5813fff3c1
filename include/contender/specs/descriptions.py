"""Descriptions of expectations, for gates, mails and pages."""

from __future__ import annotations

from contender.specs.expectations import (
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


def describe(expectation: Expectation, days: int) -> str:
    """Describe an expectation of a batch with a number of open days."""
    match expectation:
        case NotNull(column=column):
            text = f"{column} has a value"
        case Between(column=column, low=low, high=high):
            bounds = ("any" if bound is None else f"{bound:g}" for bound in (low, high))
            text = f"{column} is between {' and '.join(bounds)}"
        case InSet(column=column, values=values):
            text = f"{column} is one of {', '.join(values)}"
        case Matches(column=column, pattern=pattern):
            text = f"{column} has the form {pattern}"
        case OnDay(column=column, zone=zone):
            text = f"{column} falls on its day, by the clocks of {zone}"
        case OrderedPair(low=low_column, high=high_column):
            text = f"{low_column} is not above {high_column}"
        case Unique(key=key):
            text = f"no two rows share {', '.join(key)}"
        case RowCount(low=fewest, high=most):
            text = f"there are {fewest * days} to {most * days} rows"
    mostly = getattr(expectation, "mostly", 1.0)
    return text if mostly == 1 else f"{text} in {mostly:.0%} of rows"
