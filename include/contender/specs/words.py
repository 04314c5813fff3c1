"""A contract's promises in words, for gates, mails and pages alike."""

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


def describe(promise: Expectation, days: int) -> str:
    """The promise in words, of a batch of so many days."""
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
