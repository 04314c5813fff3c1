"""Compare a day with previous days: its volume, its distributions, and gaps between them.

Pure functions of profiles. A distance is between 0 and 1: the Kolmogorov-Smirnov distance for numbers, the total
variation distance for categories, or the difference of the shares of missing values, whichever is larger. A day's
distance from the recent days together is compared with the largest such distance of one of them, so that columns
that change every day, like the temperature, have a wider limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

from contender.profiles import Compared, Distances, measure_distances, measure_missing_alone
from contender.records import NOT_CHECKED, ColumnProfile, DayProfile, ExpectationResult
from contender.specs import ClosedDays, Usual
from contender.specs.frozen import Frozen

WEEKS = 8
ENOUGH_WEEKS = 3
RECENT_DAYS = 28
ENOUGH_DAYS = 14
FEWEST_REPEATED = 10


class Past(Frozen):
    """A day's profile, and the row counts and profiles of the table's previous days; for a range, only row counts."""

    today: DayProfile | None
    rows: Mapping[date, int]
    profiles: tuple[DayProfile, ...]
    closed: ClosedDays = ClosedDays()


def check_usual(usual: Usual, past: Past) -> tuple[ExpectationResult, ...]:
    """Return the results of all comparisons of a day with previous days; none for a range."""
    today = past.today
    if today is None:
        return ()
    return (
        judge_volume(usual, today.day, today.rows, past.rows),
        judge_gap(today.day, past.rows, past.closed),
        *judge_repeat(usual, today, past.profiles),
        *judge_distributions(usual, today, past.profiles),
    )


def judge_volume(usual: Usual, day: date, rows: int, held: Mapping[date, int]) -> ExpectationResult:
    """Compare the number of rows with the median of the same weekday in previous weeks."""
    earlier = [held[then] for week in range(1, WEEKS + 1) if (then := day - timedelta(weeks=week)) in held]
    expectation, same_as = (
        f"about as many rows as on other {day:%A}s",
        "about as many rows as on the same weekday",
    )
    if len(earlier) < ENOUGH_WEEKS:
        return _kept(expectation, f"{NOT_CHECKED}only {len(earlier)} of them are known", same_as)
    typical = median(earlier)
    low, high = usual.min_rows_ratio * typical, usual.max_rows_ratio * typical
    expectation += f": {low:.0f} to {high:.0f}"
    if low <= rows <= high:
        return _kept(expectation, f"{rows} rows", same_as)
    return ExpectationResult(
        expectation=expectation,
        same_as=same_as,
        verdict=usual.volume_severity,
        observed=f"{rows} rows; the median of {len(earlier)} {day:%A}s is {typical:.0f}",
    )


def judge_gap(day: date, held: Mapping[date, int], closed: ClosedDays) -> ExpectationResult:
    """Check that the previous day has been published. A gap is a warning, since it may be filled later."""
    before = day - timedelta(days=1)
    while before in closed:
        before -= timedelta(days=1)
    expectation = "the day before it has been published"
    earlier = [then for then in held if then < day]
    if not earlier or max(earlier) >= before:
        return _kept(expectation, f"{max(earlier)} is published" if earlier else "there is no previous day")
    return ExpectationResult(
        expectation=expectation,
        verdict="warn",
        observed=f"{before} is missing; the last day before it is {max(earlier)}",
    )


def judge_repeat(
    usual: Usual, today: DayProfile, recent: Sequence[DayProfile]
) -> tuple[ExpectationResult, ...]:
    """Check that a day is not an earlier one with another date, as a feed delivers that is stuck."""
    if usual.repeat_severity is None:
        return ()
    expectation = "its rows, without their day, differ from those of each recent day"
    if today.rows < FEWEST_REPEATED:
        return (_kept(expectation, f"{NOT_CHECKED}only {today.rows} rows"),)
    same = [day.day for day in recent if day.content is not None and day.content == today.content]
    if not same:
        return (_kept(expectation, f"{len(recent)} days compared"),)
    return (
        ExpectationResult(
            expectation=expectation,
            verdict=usual.repeat_severity,
            observed=f"all {today.rows} rows equal those of {max(same)} except for the day: the feed may be stuck; "
            "deliver the rows of the day, or set `repeat_severity` in `usual` if days may be equal",
        ),
    )


def judge_distributions(
    usual: Usual, today: DayProfile, recent: Sequence[DayProfile]
) -> tuple[ExpectationResult, ...]:
    """Compare the distribution of each column with that of the recent days together."""
    if len(recent) < ENOUGH_DAYS or not today.rows:
        reason = (
            f"{NOT_CHECKED}{len(recent)} of the last {RECENT_DAYS} days are known, {ENOUGH_DAYS} are needed"
        )
        return (_kept("values are distributed as on recent days", reason),)
    alone = measure_missing_alone(today.columns, [day.columns for day in recent])
    judged = (
        _judge_column(
            usual, name, (column, alone[name]), [day.columns[name] for day in recent if name in day.columns]
        )
        for name, column in today.columns.items()
    )
    return tuple(result for result in judged if result is not None)


def _judge_column(
    usual: Usual, name: str, today: tuple[ColumnProfile, Compared], recent: Sequence[ColumnProfile]
) -> ExpectationResult | None:
    if len(recent) < ENOUGH_DAYS:
        return None
    profiled, missing_alone = today
    found = measure_distances(profiled, recent)
    figures = [figure for figure in _figures(usual, found, missing_alone) if figure.limit < 1]
    if not figures:
        return None
    broken = [figure for figure in figures if figure.today > figure.limit]
    shown = (broken or figures)[0]
    emptied = broken and found.missing.today >= usual.failing_missing_change
    same_as = f"{name} is distributed as on recent days"
    return ExpectationResult(
        expectation=f"{same_as}: {shown.name} up to {shown.limit:.2f}",
        same_as=same_as,
        columns=(name,),
        verdict="pass" if not broken else "fail" if emptied else usual.distribution_severity,
        observed=f"{shown.name} {shown.today:.2f}; the largest of {len(recent)} recent days is {shown.largest:.2f}",
    )


class _Figure(NamedTuple):
    """A figure of a column's day and its limit."""

    name: str
    today: float
    largest: float
    limit: float


def _figures(usual: Usual, found: Distances, missing_alone: Compared) -> Iterator[_Figure]:
    """Yield the distance of the distribution, then two shares, which differ so little that a tenth is noticed."""
    distance = max(found.missing.today, found.values.today)
    largest = max(found.missing.largest, found.values.largest)
    limit = max(usual.min_distance, usual.max_distance_ratio * largest)
    yield _Figure("distance", distance, largest, limit)
    for name, share in (
        ("change of the share of missing values in this column alone", missing_alone),
        ("rise of the share of a single value", found.repeated),
    ):
        limit = share.limit(usual.min_share_change, usual.max_share_ratio)
        yield _Figure(name, share.today, share.largest, limit)


def _kept(expectation: str, observed: str, same_as: str | None = None) -> ExpectationResult:
    return ExpectationResult(expectation=expectation, same_as=same_as, verdict="pass", observed=observed)
