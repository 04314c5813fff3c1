"""The contract of a table: its columns, its key, and the expectations that every batch must pass."""

from __future__ import annotations

from pydantic import Field, model_validator

from contender.specs.changes import Change, Types, check_changes, types_at
from contender.specs.closed import ClosedDays
from contender.specs.columns import Column, Email, Name, Text
from contender.specs.days import Days
from contender.specs.expectations import Expectation, NotNull, Unique
from contender.specs.frozen import Frozen
from contender.specs.usual import Usual


class Contract(Frozen):
    """The contract of any table in the lake: a dataset, or a model's features, labels or predictions."""

    table: str = Field(description="name in the lake, `namespace.name`")
    owner: Email
    columns: tuple[Column, ...] = Field(min_length=1)
    primary_key: tuple[Name, ...] = Field(min_length=1)
    expectations: tuple[Expectation, ...] = ()
    guarantees: tuple[Text, ...] = Field(default=(), description="further guarantees to consumers")
    daily: bool = Field(default=True, description="partitioned by `day`; otherwise replaced as a whole")
    appended: bool = Field(
        default=False,
        description="rows are appended, so that a day may have several files; otherwise replaced",
    )
    version: int = Field(default=1, ge=1, description="version of the columns, raised with each change")
    changes: tuple[Change, ...] = Field(default=(), description="changes from version 1 to this one")
    retention_days: int | None = Field(
        default=None, description="days kept, counted back from the newest day; all if None"
    )
    usual: Usual | None = Field(default=None, description="how much a day may differ from recent days")
    closed: ClosedDays = Field(default=ClosedDays(), description="days without rows")

    @model_validator(mode="after")
    def _consistent(self) -> Contract:
        check_columns(self.columns, self.primary_key, self.expectations, daily=self.daily)
        check_changes(self.columns, self.version, self.changes)
        return self

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def open_days(self, days: Days) -> int:
        """Return how many of the days must have rows; 1 for a reference table, which is replaced whole."""
        if not self.daily:
            return 1
        return sum(1 for day in days.each() if day not in self.closed)

    def types_at(self, version: int) -> Types:
        """Return the type of each column, by name, in a version of the contract."""
        return types_at(self.columns, self.changes, version)

    def all_expectations(self) -> tuple[Expectation, ...]:
        """Return the expectations implied by the schema and the key, then the declared ones."""
        implied = [NotNull(column=c.name) for c in self.columns if not c.nullable]
        return (*implied, Unique(key=self.primary_key), *self.expectations)


def check_columns(
    columns: tuple[Column, ...],
    primary_key: tuple[str, ...],
    expectations: tuple[Expectation, ...],
    *,
    daily: bool,
) -> None:
    """Raise ValueError if a column is missing or declared twice, or a key or expectation names an unknown one."""
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
