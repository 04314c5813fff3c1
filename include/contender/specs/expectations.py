"""The kinds of expectation that a contract can declare."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from contender.specs.columns import Name
from contender.specs.frozen import Frozen
from contender.specs.zones import Zone

Severity = Literal["fail", "warn"]


def _in_order(low: float | None, high: float | None) -> None:
    if low is not None and high is not None and low > high:
        raise ValueError(f"`low` ({low}) is above `high` ({high}): swap the two")


class _OfAColumn(Frozen):
    column: Name
    severity: Severity = "fail"
    mostly: float = Field(default=1.0, gt=0, le=1, description="share of rows that must pass")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it checks."""
        return (self.column,)


class NotNull(_OfAColumn):
    """The column has a value in every row, or in a share `mostly` of them."""

    kind: Literal["not_null"] = "not_null"


class Between(_OfAColumn):
    """The column's values lie within the bounds, both included; missing values are not checked."""

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
    """The column's values are among the listed ones."""

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
            raise ValueError(f"{pattern!r} is not a regular expression ({error}): correct it") from None
        return pattern


class OnDay(_OfAColumn):
    """The timestamp in the column falls on the row's `day` in a time zone."""

    kind: Literal["on_day"] = "on_day"
    zone: Zone = Field(description="IANA time zone, such as America/New_York")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it checks."""
        return ("day", self.column)


class OrderedPair(Frozen):
    """The column `low` is not above the column `high` in any row that has both values."""

    kind: Literal["ordered_pair"] = "ordered_pair"
    low: Name
    high: Name
    severity: Severity = "fail"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it checks."""
        return (self.low, self.high)


class Unique(Frozen):
    """No two rows have the same values in these columns."""

    kind: Literal["unique"] = "unique"
    key: tuple[Name, ...] = Field(min_length=1)
    severity: Severity = "fail"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it checks."""
        return self.key


class RowCount(Frozen):
    """The number of rows per day. The bounds of a range are multiplied by its open days; closed days have none."""

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
        """The columns that it checks."""
        return ()


Expectation = Annotated[
    NotNull | Between | InSet | Matches | OnDay | OrderedPair | Unique | RowCount,
    Field(discriminator="kind"),
]
