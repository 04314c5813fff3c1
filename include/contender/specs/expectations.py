"""The kinds of expectation that a contract can state; each is data, and the gate knows how to check it."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from contender.specs.columns import Name
from contender.specs.frozen import Frozen

Severity = Literal["fail", "warn"]


def _in_order(low: float | None, high: float | None) -> None:
    if low is not None and high is not None and low > high:
        raise ValueError(f"`low` ({low}) is above `high` ({high}): swap the two")


class _OfAColumn(Frozen):
    column: Name
    severity: Severity = "fail"
    mostly: float = Field(default=1.0, gt=0, le=1, description="share of rows that must hold")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about."""
        return (self.column,)


class NotNull(_OfAColumn):
    """The column has a value in (mostly) every row."""

    kind: Literal["not_null"] = "not_null"


class Between(_OfAColumn):
    """The column's values lie within the bounds, both included; missing values are not judged."""

    kind: Literal["between"] = "between"
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Between:
        if self.low is None and self.high is None:
            raise ValueError("give `low`, `high` or both")
        _in_order(self.low, self.high)
        return self


class InSet(_OfAColumn):
    """The column's values are among those named."""

    kind: Literal["in_set"] = "in_set"
    values: tuple[str, ...] = Field(min_length=1)


class Matches(_OfAColumn):
    """The column's values match a regular expression."""

    kind: Literal["matches"] = "matches"
    pattern: str

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is no regular expression ({error}): mend it") from None
        return pattern


class OnDay(_OfAColumn):
    """The moment in the column falls on the row's `day`, as the clocks of a time zone show it."""

    kind: Literal["on_day"] = "on_day"
    zone: str = Field(description="as in America/New_York")

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"{zone!r} is no time zone: write one as in 'Europe/Berlin', or 'UTC'")
        return zone

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about."""
        return ("day", self.column)


class OrderedPair(Frozen):
    """In every row where both have a value, `low` is not above `high`."""

    kind: Literal["ordered_pair"] = "ordered_pair"
    low: Name
    high: Name
    severity: Severity = "fail"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about."""
        return (self.low, self.high)


class Unique(Frozen):
    """No two rows share these columns' values."""

    kind: Literal["unique"] = "unique"
    key: tuple[Name, ...] = Field(min_length=1)
    severity: Severity = "fail"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about."""
        return self.key


class RowCount(Frozen):
    """A day's batch has so many rows; a range is held to as many times its open days, a closed day to none."""

    kind: Literal["row_count"] = "row_count"
    low: int = Field(ge=0)
    high: int
    severity: Severity = "fail"

    @model_validator(mode="after")
    def _bounded(self) -> RowCount:
        _in_order(self.low, self.high)
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about."""
        return ()


Expectation = Annotated[
    NotNull | Between | InSet | Matches | OnDay | OrderedPair | Unique | RowCount,
    Field(discriminator="kind"),
]
