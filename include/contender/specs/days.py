"""Business days: the partition key of a run, or an explicit range of days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from pydantic import model_validator

from contender.specs.frozen import Frozen


class DaysError(ValueError):
    """The requested days are not valid; the message says what to write."""


class Days(Frozen):
    """An inclusive range of business days; a single day for most runs."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Days:
        if self.last < self.first:
            raise ValueError(
                f"the range ends ({self.last}) before it begins ({self.first}): swap the two days"
            )
        return self

    @classmethod
    def one(cls, day: date | str) -> Days:
        """Return the range of a single day, given as a date or as `YYYY-MM-DD`. Raises DaysError."""
        parsed = day if isinstance(day, date) else parse_day(day)
        return cls(first=parsed, last=parsed)

    @classmethod
    def read(cls, key: str) -> Days:
        """Parse a range as written by `key`. Raises DaysError."""
        first, _, last = key.partition("..")
        return cls(first=cls.one(first).first, last=cls.one(last or first).last)

    @property
    def is_single(self) -> bool:
        """Whether the range is one day."""
        return self.first == self.last

    @property
    def key(self) -> str:
        """The range as text: `2013-09-01`, or `2013-01-01..2013-08-31`."""
        return str(self.first) if self.is_single else f"{self.first}..{self.last}"

    def shifted(self, days: int) -> Days:
        """Return the range, shifted by a number of days (earlier if negative)."""
        step = timedelta(days=days)
        return Days(first=self.first + step, last=self.last + step)

    def split(self, most: int) -> Iterator[Days]:
        """Yield the range in parts of about equal length and at most `most` days, in order."""
        parts = -(-len(self) // most)
        bounds = [len(self) * number // parts for number in range(parts + 1)]
        for begin, end in pairwise(bounds):
            yield Days(first=self.first + timedelta(days=begin), last=self.first + timedelta(days=end - 1))

    def reaching_back(self, days: int) -> Days:
        """Return the range, extended by a number of days before its first."""
        return Days(first=self.first - timedelta(days=days), last=self.last)

    def overlaps(self, other: Days) -> bool:
        """Return whether the two ranges share a day."""
        return self.first <= other.last and other.first <= self.last

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    def __len__(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    def each(self) -> Iterator[date]:
        """Yield every day of the range, in order."""
        for offset in range(len(self)):
            yield self.first + timedelta(days=offset)


def parse_day(text: str) -> date:
    """Parse a day written as `YYYY-MM-DD`. Raises DaysError."""
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != text:
        raise DaysError(f"{text!r} is not a day: write it as YYYY-MM-DD, for example 2013-09-01")
    return day


def group_days(days: Iterable[date]) -> tuple[Days, ...]:
    """Return days as ranges of consecutive ones, in order."""
    spans: list[Days] = []
    for day in sorted(set(days)):
        if spans and day - spans[-1].last == timedelta(days=1):
            spans[-1] = Days(first=spans[-1].first, last=day)
        else:
            spans.append(Days.one(day))
    return tuple(spans)


def describe_days(days: Iterable[date]) -> str:
    """Return days as text, consecutive ones as a range: `2013-01-01..2013-01-05, 2013-01-09`."""
    return ", ".join(span.key for span in group_days(days))


def resolve_days(partition_key: str | None, params: Mapping[str, Any]) -> Days:
    """Return the days of a run: its partition key, or else `day` or `first` and `last` of its form.

    Raises DaysError if neither or both are given, or if they are not days.
    """
    day, first, last = (params.get(name) or None for name in ("day", "first", "last"))
    if partition_key:
        if day or first or last:
            raise DaysError(
                f"this run has the partition key {partition_key} and days in its form: fill in only one of them"
            )
        return Days.one(partition_key)
    if day and not (first or last):
        return Days.one(day)
    if first and last and not day:
        opening, closing = parse_day(first), parse_day(last)
        if closing < opening:
            raise DaysError(f"the range ends ({last}) before it begins ({first}): swap the two")
        return Days(first=opening, last=closing)
    raise DaysError(
        "this run has no day: fill in `day`, or both `first` and `last`, or start it with a partition key"
    )
