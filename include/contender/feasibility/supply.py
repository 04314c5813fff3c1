"""The questions about the supply of data: whether it arrives in time, and is complete and in season."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from contender.feasibility.figures import Arrivals, History, Timing
from contender.feasibility.phrases import Part, count_of, show_share

FEWEST_DAYS_OF_YEAR = 84  # twelve weeks
MOST_MISSING = 0.1  # of the days
MOST_LATE = 0.1  # of the recorded deliveries
FEWEST_DELIVERIES = 5
_SHOWN = 8


def judge_timing(timing: Timing, history: History) -> Part:
    """Answer whether data arrive before predictions are needed, and say when labels are known."""
    late = list(find_late(timing))
    known = timing.scored_by is not None and any(one.due is not None for one in timing.inputs)
    return Part(
        question="Does the data arrive in time?",
        answer="not yet" if late else "yes" if known else "unknown",
        sentences=(*late, *_describe_inputs(timing), *_describe_labels(timing, history)),
    )


def find_late(timing: Timing) -> Iterator[str]:
    """Yield which inputs arrive after predictions are needed, by their contract or by their records."""
    for one in timing.inputs:
        if one.due is not None and one.deadline is not None and one.due > one.deadline:
            yield (
                f"{one.table} is due at {one.due:%H:%M} UTC of the day {one.due:%Y-%m-%d}, after its predictions "
                f"must be there ({timing.scored_by} of {one.deadline:%Y-%m-%d})."
            )
        if one.recorded >= FEWEST_DELIVERIES and one.late > MOST_LATE * one.recorded:
            yield (
                f"{one.late} of {one.recorded} recorded deliveries of {one.table} arrived after their predictions "
                "had to be there."
            )


def _describe_inputs(timing: Timing) -> Iterator[str]:
    if timing.scored_by is None:
        yield "The spec has no `scored_by`: set it to the time by which predictions must be there."
    for one in timing.inputs:
        if one.due is None:
            yield f"{one.table} is made by another model: see the feasibility of that model."
            continue
        recorded = _describe_recorded(one, judged=timing.scored_by is not None)
        yield f"{one.table} is due at {one.due:%H:%M} UTC, with {one.grace_hours} hours of grace; {recorded}."
        end = one.due + timedelta(hours=one.grace_hours)
        if one.deadline is not None and one.due <= one.deadline < end:
            yield f"A delivery of {one.table} near the end of its grace period comes after `scored_by`."


def _describe_recorded(one: Arrivals, *, judged: bool) -> str:
    if not one.recorded:
        return "no delivery of a single day is recorded near its due time, so its delays are not known"
    return (
        f"of {one.recorded} recorded deliveries, {one.late} were late"
        if judged
        else (f"{one.recorded} deliveries are recorded")
    )


def _describe_labels(timing: Timing, history: History) -> Iterator[str]:
    yield (
        f"A label is known {count_of(timing.label_maturity_days, 'day')} after its day, so a version that scores a day "
        f"has learned from days up to {count_of(timing.outcome_lag, 'day')} before it."
    )
    behind = (history.newest_features - history.days.last).days
    if behind > timing.outcome_lag:
        yield (
            f"Labels end {behind} days before the features ({history.days.last} and {history.newest_features}), "
            "later than the spec says: load the missing days."
        )


def judge_completeness(history: History) -> Part:
    """Answer whether days and values are complete, and how much of a year is covered."""
    lacking = list(find_incomplete(history))
    days = len(history.days)
    sentences = [
        f"Labelled rows of {history.days_with_rows} days from {history.days.first} to {history.days.last} were read: "
        f"{history.rows:,} rows, of which {history.rows_used:,} were used.",
        f"{count_of(history.missing_days, 'day')} of {days} {'is' if history.missing_days == 1 else 'are'} missing, "
        "apart from days on which inputs are closed.",
        _describe_season(history),
        _describe_missing_values(history),
    ]
    return Part(
        question="Is it complete, and in season?",
        answer="not yet" if lacking else "yes",
        sentences=(*lacking, *sentences),
    )


def find_incomplete(history: History) -> Iterator[str]:
    """Yield what is incomplete enough to wait for."""
    covered, days = count_days_of_year(history), len(history.days)
    if covered < FEWEST_DAYS_OF_YEAR:
        yield f"The history covers {covered} days of a year; at least {FEWEST_DAYS_OF_YEAR} are needed."
    if history.missing_days > MOST_MISSING * days:
        yield f"{history.missing_days} of {days} days are missing, more than {MOST_MISSING:.0%}."


def count_days_of_year(history: History) -> int:
    """Return how many of the 365 days of a year are within the history."""
    return min(len(history.days), 365)


def _describe_season(history: History) -> str:
    if count_days_of_year(history) == 365:
        return "The history covers a whole year."
    seen = {(day.month, day.day) for day in history.days.each()}
    unseen = [f"{date(2001, month, 1):%B}" for month in range(1, 13) if not any(m == month for m, _ in seen)]
    never = f"; no day of {', '.join(unseen)} was seen, and the loss in them is not known" if unseen else ""
    return f"The history covers {len(history.days)} of 365 days of a year{never}."


def _describe_missing_values(history: History) -> str:
    if not history.missing_values:
        return "No feature has missing values."
    shown = ", ".join(f"{one.name} {show_share(one.share)}" for one in history.missing_values[:_SHOWN])
    more = len(history.missing_values) - _SHOWN
    return f"Missing values: {shown}{f', and {more} more features' if more > 0 else ''}."
