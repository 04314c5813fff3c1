"""What a table promises: its columns, its key, and the expectations that a gate holds every batch to."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from contender.specs.columns import Column, Email, Name
from contender.specs.days import Days
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
    NotNull | Between | InSet | Matches | OrderedPair | Unique | RowCount,
    Field(discriminator="kind"),
]


class Contract(Frozen):
    """The promise of one table of the lake, whoever fills it: a dataset's, a feature table's, the predictions'."""

    table: str = Field(description="its name in the lake, `namespace.name`")
    owner: Email
    columns: tuple[Column, ...] = Field(min_length=1)
    primary_key: tuple[Name, ...] = Field(min_length=1)
    expectations: tuple[Expectation, ...] = ()
    daily: bool = Field(default=True, description="partitioned by `day`; else replaced as a whole")
    closed: tuple[date, ...] = Field(default=(), description="days that are right without any row")

    @model_validator(mode="after")
    def _consistent(self) -> Contract:
        check_columns(self.columns, self.primary_key, self.expectations, daily=self.daily)
        return self

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def open_days(self, days: Days) -> int:
        """How many days' rows a batch of these days is to have; a table that is replaced whole comes at once."""
        if not self.daily:
            return 1
        return days.count - sum(1 for day in set(self.closed) if day in days)

    def promises(self) -> tuple[Expectation, ...]:
        """Every expectation of the batch: what the schema and the key imply, then what is stated."""
        implied = [NotNull(column=c.name) for c in self.columns if not c.nullable]
        return (*implied, Unique(key=self.primary_key), *self.expectations)


def check_columns(
    columns: tuple[Column, ...],
    primary_key: tuple[str, ...],
    expectations: tuple[Expectation, ...],
    *,
    daily: bool,
) -> None:
    """Raise ValueError when a key or an expectation names a column that is not there."""
    names = [column.name for column in columns]
    known = ", ".join(names)
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"columns: {repeated[0]!r} is declared twice: remove one")
    if daily and ("day", "date") not in {(c.name, c.type) for c in columns}:
        raise ValueError("columns: a daily table needs the column `day` of type date: add it")
    for name in primary_key:
        if name not in names:
            raise ValueError(f"primary_key: unknown column {name!r}: use one of {known}")
    for index, expectation in enumerate(expectations):
        for name in expectation.columns:
            if name not in names:
                raise ValueError(f"expectations.{index}: unknown column {name!r}: use one of {known}")
