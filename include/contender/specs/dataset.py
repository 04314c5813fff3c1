"""The specification of a dataset: its delivery, owner, columns and expectations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal

from croniter import croniter
from pydantic import AfterValidator, Field, model_validator

from contender.specs.changes import Change, check_changes
from contender.specs.closed import ClosedDays, Weekday
from contender.specs.columns import Column, Email, Name, Text
from contender.specs.contract import Contract, check_columns
from contender.specs.expectations import Expectation
from contender.specs.formats import Csv, Format, Parquet, Zone
from contender.specs.frozen import Frozen
from contender.specs.usual import Usual

_TOLD_APART = (date(2013, 9, 1), date(2013, 9, 2), date(2013, 10, 1), date(2014, 9, 1))
_DAY_BOUND = re.compile(r"(?<![:\w]):day\b")
_ONCE_A_DAY = re.compile(r"\d+ \d+ \* \* \*")


def _cron(line: str) -> str:
    if not croniter.is_valid(line) or len(line.split()) != 5:
        raise ValueError(
            f"{line!r} is not a cron expression: write five fields, for example '30 3 * * *' for 03:30 UTC"
        )
    return line


def _path(text: str) -> str:
    try:
        text.format(day=date.min)
    except (ValueError, LookupError, AttributeError):
        raise ValueError(f"{text!r} has braces other than `{{day}}`: remove them") from None
    if "{" in text and len({text.format(day=day) for day in _TOLD_APART}) < len(_TOLD_APART):
        raise ValueError(f"{text!r} is the same on two days: write for example {{day}} or {{day:%Y%m%d}}")
    if text.startswith("/") or ".." in text.split("/"):
        raise ValueError(f"{text!r} is outside the landing zone: write a path relative to it, without `..`")
    return text


class Query(Frozen):
    """The rows of a day, as a database returns them."""

    connection: Text = Field(description="id of an Airflow connection, to Postgres or SQLite")
    sql: Text = Field(description="a SELECT statement; `:day` stands for the day, as a date")
    zone: Zone | None = Field(default=None, description="time zone of timestamps without one")


class Delivery(Frozen):
    """Where and when a dataset's rows are delivered: in files of the landing zone, or by a query."""

    path: Annotated[Text, AfterValidator(_path)] | None = Field(
        default=None,
        description="path in the landing zone; `{day}` is replaced by the day, as 2013-09-01, and `{day:%Y%m%d}` as "
        "20130901; a file that ends with .gz, .bz2 or .zst is decompressed",
    )
    format: Format = Csv()
    query: Query | None = Field(default=None, description="reads a database; instead of `path` and `format`")
    names: Mapping[Name, Text] = Field(
        default_factory=dict, description="names in the file of columns that have another name there"
    )
    ignored: tuple[str, ...] = Field(
        default=(),
        description="columns of the file that are not wanted; others that are not in the contract warn",
    )
    cron: Annotated[str, AfterValidator(_cron)] = Field(
        description="when it is due, in UTC; daily datasets: once a day"
    )
    lead_days: int = Field(
        default=0, ge=0, le=30, description="how many days before its own day a batch is delivered"
    )
    grace_hours: int = Field(default=6, ge=0, description="hours after the due time until it is overdue")
    max_bytes: int = Field(default=1 << 30, gt=0, description="larger files are rejected unread")
    closed: tuple[date, ...] = Field(
        default=(),
        description="days on which the source delivers nothing: no file is expected, and no rows are allowed",
    )
    closed_weekdays: tuple[Weekday, ...] = Field(
        default=(), max_length=6, description="days of the week on which the source delivers nothing"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Delivery:
        if (self.path is None) == (self.query is None):
            raise ValueError("give either `path`, for files, or `query`, for a database")
        if self.query is not None and self.format != Csv():
            raise ValueError("`format` is of files: remove it, or `query`")
        return self

    @property
    def read_as(self) -> Format:
        """The format of the raw file; rows of a query are stored as Parquet."""
        return self.format if self.query is None else Parquet(zone=self.query.zone)

    @property
    def origin(self) -> str:
        """Where rows come from, in Markdown."""
        return f"`{self.path}`" if self.query is None else f"a query on connection `{self.query.connection}`"

    @property
    def closed_days(self) -> ClosedDays:
        """The days without rows."""
        return ClosedDays(dates=self.closed, weekdays=self.closed_weekdays)

    def name_of(self, column: str) -> str:
        """Return a column's name in the file."""
        return self.names.get(column, column)

    @property
    def is_dated(self) -> bool:
        """Whether each day has a file or a query of its own."""
        if self.path is None:
            return self.query is not None and _DAY_BOUND.search(self.query.sql) is not None
        return self.path.format(day=_TOLD_APART[0]) != self.path.format(day=_TOLD_APART[1])


class DatasetSpec(Frozen):
    """A dataset. A `daily` one is partitioned by its column `day`; a `reference` one is replaced whole."""

    name: Name
    description: Text
    owner: Email
    delivery: Delivery
    columns: tuple[Column, ...] = Field(min_length=1)
    primary_key: tuple[Name, ...] = Field(min_length=1)
    expectations: tuple[Expectation, ...] = ()
    guarantees: tuple[Text, ...] = Field(
        default=(), description="further guarantees to consumers, one sentence each"
    )
    usual: Usual = Usual()
    kind: Literal["daily", "reference"] = "daily"
    version: int = Field(default=1, ge=1, description="version of the columns; raise it with each change")
    changes: tuple[Change, ...] = Field(
        default=(), description="changes from version 1 to this one, in order"
    )
    retention_days: int | None = Field(
        default=None, ge=1, description="days kept, counted back from the newest day; all if None"
    )

    @model_validator(mode="after")
    def _consistent(self) -> DatasetSpec:
        daily = self.kind == "daily"
        check_columns(self.columns, self.primary_key, self.expectations, daily=daily)
        check_changes(self.columns, self.version, self.changes)
        _check_reading(self.delivery, self.columns)
        if daily and not self.delivery.is_dated:
            raise ValueError(
                "delivery.path: a daily dataset needs `{day}` in its path: write 'sales/{day}.csv'"
                if self.delivery.query is None
                else "delivery.query: a daily dataset needs `:day` in `sql`: write 'where sold_on = :day'"
            )
        if daily and not _ONCE_A_DAY.fullmatch(self.delivery.cron):
            raise ValueError(
                f"delivery.cron: a daily dataset is due once a day, not at {self.delivery.cron!r}: "
                "write minute, hour and three stars, for example '30 3 * * *'"
            )
        if not daily and self.delivery.is_dated:
            raise ValueError(
                "delivery.path: a reference dataset has one file: remove `{day}`"
                if self.delivery.query is None
                else "delivery.query: a reference dataset is read whole: remove `:day`"
            )
        for field in ("closed", "closed_weekdays"):
            if not daily and getattr(self.delivery, field):
                raise ValueError(f"delivery.{field}: a reference dataset has no days: remove it")
        if not daily and self.retention_days is not None:
            raise ValueError("retention_days: a reference dataset is replaced whole: remove it")
        return self

    @property
    def contract(self) -> Contract:
        """The contract of its table in the lake."""
        return Contract(
            table=f"datasets.{self.name}",
            owner=self.owner,
            columns=self.columns,
            primary_key=self.primary_key,
            expectations=self.expectations,
            guarantees=self.guarantees,
            daily=self.kind == "daily",
            version=self.version,
            changes=self.changes,
            retention_days=self.retention_days,
            usual=self.usual if self.kind == "daily" else None,
            closed=self.delivery.closed_days,
        )


def _check_reading(delivery: Delivery, columns: Sequence[Column]) -> None:
    """Raise ValueError if a name or a missing word is given for a column that does not exist, or two have one name."""
    known = [column.name for column in columns]
    form = delivery.read_as
    words = {} if isinstance(form, Parquet) else form.missing_in
    for field, given in (("names", delivery.names), ("format.missing_in", words)):
        if unknown := [name for name in given if name not in known]:
            raise ValueError(f"delivery.{field}: {', '.join(unknown)} is not a column: correct or remove it")
    delivered = [delivery.name_of(name) for name in known]
    if repeated := sorted({name for name in delivered if delivered.count(name) > 1}):
        raise ValueError(f"delivery.names: two columns are read from {repeated[0]!r}: correct one")
