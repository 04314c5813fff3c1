"""Where, when and in what shape a dataset's rows are delivered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from croniter import croniter
from pydantic import AfterValidator, Field, model_validator

from contender.specs.closed import Calendar, ClosedDays, Weekday
from contender.specs.columns import Name, Text
from contender.specs.formats import Csv, Format, Parquet
from contender.specs.frozen import Frozen
from contender.specs.zones import Zone

# Consecutive days of one ISO week, and days of another week, month and year.
_TOLD_APART = (
    date(2013, 9, 1),
    date(2013, 9, 2),
    date(2013, 9, 3),
    date(2013, 10, 1),
    date(2014, 9, 1),
)
_HASHED, _RANDOM = (re.compile(rf"(^|[\s,]){letter}", re.IGNORECASE) for letter in "hr")
_DAY_BOUND = re.compile(r"(?<![:\w]):day\b")


def _cron(line: str) -> str:
    # croniter would draw a random number for R, another one each time.
    if _RANDOM.search(line) or not croniter.is_valid(line, hash_id=b"") or len(line.split()) != 5:
        raise ValueError(
            f"{line!r} is not a cron expression: write five fields, for example '30 3 * * *' for 03:30 UTC"
        )
    return line


def spread_cron(line: str, name: str) -> str:
    """Return a cron expression in which each `H` is replaced by a number that follows from a name."""
    if not _HASHED.search(line):
        return line
    fields, _ = croniter.expand(line, hash_id=name.encode())
    return " ".join(",".join(map(str, field)) for field in fields)


def _path(text: str) -> str:
    try:
        text.format(day=date.min)
    except (ValueError, LookupError, AttributeError):
        raise ValueError(f"{text!r} has braces other than `{{day}}`: remove them") from None
    if text.startswith("/") or ".." in text.split("/"):
        raise ValueError(f"{text!r} is outside the landing zone: write a path relative to it, without `..`")
    if "**" in text:
        raise ValueError(f"{text!r} has `**`: write one `*`, which stands for a part of a single name")
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
        "20130901; `*` stands for a part of a name, and all files that match are one delivery, in the order of their "
        "names; a file that ends with .gz, .bz2 or .zst is decompressed",
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
        description="when it is due, in UTC; daily datasets: once a day. `H` stands for a number that follows from the "
        "dataset's name: with `H 3 * * *`, datasets are due at different minutes between 3:00 and 3:59"
    )
    lead_days: int = Field(
        default=0, ge=0, le=30, description="how many days before its own day a batch is delivered"
    )
    grace_hours: int = Field(default=6, ge=0, description="hours after the due time until it is overdue")
    max_bytes: int = Field(default=1 << 30, gt=0, description="larger files are rejected unread")
    several_days: bool = Field(
        default=False,
        description="whether a file also holds other days, whose rows are left to their own runs; `path` then may be "
        "the same for several days, or have no `{day}`",
    )
    day_of: Name | None = Field(
        default=None,
        description="timestamp column whose date is the column `day`, which the file does not have",
    )
    day_zone: Zone | None = Field(
        default=None, description="time zone of that date; None: `zone` of the format, or else UTC"
    )
    row_number: Name | None = Field(
        default=None,
        description="integer column with the number of a row in its day, in the order of files and rows, from 1; a "
        "key for rows that have none",
    )
    duplicates: Literal["reject", "drop_identical"] = Field(
        default="reject",
        description="rows that equal another one in all columns fail the gate, or all but one are dropped and counted; "
        "different rows with one key always fail",
    )
    closed: tuple[date, ...] = Field(
        default=(),
        description="days on which the source delivers nothing: no file is expected, and no rows are allowed",
    )
    closed_weekdays: tuple[Weekday, ...] = Field(
        default=(), max_length=6, description="days of the week on which the source delivers nothing"
    )
    closed_holidays: Calendar | None = Field(
        default=None,
        description="public holidays on which the source delivers nothing: of a country, such as DE, or of its part, "
        "such as DE-BY",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Delivery:
        if (self.path is None) == (self.query is None):
            raise ValueError("give either `path`, for files, or `query`, for a database")
        if self.query is not None and self.format != Csv():
            raise ValueError("`format` is of files: remove it, or `query`")
        if self.query is not None and (self.several_days or self.row_number):
            field = "several_days" if self.several_days else "row_number"
            raise ValueError(f"`{field}` is of files: select the rows of a day with a key in `sql` instead")
        if self.day_zone is not None and self.day_of is None:
            raise ValueError("`day_zone` is the zone of `day_of`: add `day_of`, or remove it")
        if self.path is not None and "{" in self.path and not (self.is_dated or self.several_days):
            raise ValueError(
                f"{self.path!r} is the same on two days: write for example {{day}} or {{day:%Y%m%d}}, or set "
                "`several_days` if a file holds several"
            )
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
        return ClosedDays(dates=self.closed, weekdays=self.closed_weekdays, holidays=self.closed_holidays)

    @property
    def derived(self) -> frozenset[str]:
        """The columns that are not in the file."""
        return frozenset(
            (*(("day",) if self.day_of else ()), *((self.row_number,) if self.row_number else ()))
        )

    @property
    def zone_of_days(self) -> str:
        """The time zone in which `day_of` has its date."""
        return self.day_zone or self.read_as.zone or "UTC"

    def path_of(self, day: date | None) -> str:
        """Return the path of a day's files; of any day for a table that is replaced as a whole."""
        assert self.path is not None
        return self.path.format(day=day)

    def name_of(self, column: str) -> str:
        """Return a column's name in the file."""
        return self.names.get(column, column)

    @property
    def is_dated(self) -> bool:
        """Whether each day has files or a query of its own."""
        if self.path is None:
            return self.query is not None and _DAY_BOUND.search(self.query.sql) is not None
        return len({self.path_of(day) for day in _TOLD_APART}) == len(_TOLD_APART)
