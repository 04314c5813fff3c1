"""The columns of a table over time, from the stored profiles of its days: missing values, quantiles, new values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from markupsafe import escape
from pydantic import Field

from contender.charts import SMALL, Spot, draw_days, show_chart
from contender.profiles import decode
from contender.records import ColumnProfile, DayProfile
from contender.specs import Column, Contract
from contender.specs.frozen import Frozen

MOST_DAYS, MOST_COLUMNS, MOST_NAMED, LONGEST_TEXT = 30, 60, 5, 60
RANKS = np.array([0.1, 0.5, 0.9])
HOUR = 3600  # profiles of timestamps hold the seconds of the day


class ColumnDay(Frozen):
    """A column on a day. Of personal data, only the missing values are known."""

    day: date
    rows: int
    missing: float = Field(description="share of the rows")
    quantiles: tuple[float, float, float] | None = Field(
        default=None, description="10 %, 50 % and 90 % of the numbers"
    )
    values: int | None = Field(default=None, description="number of different texts; None if there are many")
    new: tuple[str, ...] = Field(default=(), description="texts that none of the shown days before has")


class ColumnHistory(Frozen):
    """A column on the newest days whose profile is stored, oldest first."""

    column: Column
    days: tuple[ColumnDay, ...]


def trace_columns(contract: Contract, profiles: Sequence[DayProfile]) -> list[ColumnHistory]:
    """Return each column of a contract that has a profile; `profiles` are oldest first."""
    found = []
    for column in contract.columns:
        days = [(day.day, day.columns[column.name]) for day in profiles if column.name in day.columns]
        if days:
            found.append(ColumnHistory(column=column, days=tuple(_trace(column, days))))
    return found


def describe_columns(histories: Sequence[ColumnHistory]) -> str:
    """Return in a sentence or two what is missing and what is new on the newest day."""
    if not histories:
        return "No day has a stored profile: monitoring and contracts with `usual` store them."
    newest = max(history.days[-1].day for history in histories)
    count = max(len(history.days) for history in histories)
    last = [
        (history.column.name, history.days[-1]) for history in histories if history.days[-1].day == newest
    ]
    missing = [f"{name} ({one.missing:.1%})" for name, one in last if one.missing]
    new = [f"{name} ({_list(one.new)})" for name, one in last if one.new]
    told = f"{len(histories)} columns on {count} days until {newest}. On that day, "
    told += f"values are missing in {_list(missing)}" if missing else "no value is missing"
    return f"{told}; new values: {_list(new)}." if new else f"{told}."


def draw_columns(histories: Sequence[ColumnHistory]) -> list[str]:
    """Return small charts of each column, with its figures as a table behind them; at most of 60 columns."""
    return [_draw(history) for history in histories[:MOST_COLUMNS]]


def _trace(column: Column, days: Sequence[tuple[date, ColumnProfile]]) -> list[ColumnDay]:
    seen: set[str] | None = None  # None before the first day, and where a day had too many texts to count
    traced = []
    for nth, (day, profile) in enumerate(days):
        counts = None if column.pii else profile.counts
        new = () if seen is None else set(counts or ()) - seen
        if nth == 0 or seen is not None:
            seen = None if counts is None else {*(seen or ()), *counts}
        traced.append(
            ColumnDay(
                day=day,
                rows=profile.rows,
                missing=profile.nulls / profile.rows if profile.rows else 0.0,
                quantiles=None if column.pii else _quantiles(column, profile),
                values=None if counts is None else len(counts),
                new=tuple(sorted(text[:LONGEST_TEXT] for text in new)),
            )
        )
    return traced


def _quantiles(column: Column, profile: ColumnProfile) -> tuple[float, float, float] | None:
    numbers = None if profile.sketch is None else decode(profile.sketch)
    if numbers is None or not len(numbers.numbers):
        return None
    low, median, high = numbers.quantiles(RANKS) / (HOUR if column.type == "timestamp" else 1)
    return float(low), float(median), float(high)


def _draw(history: ColumnHistory) -> str:
    column, days = history.column, history.days
    charts = []
    if any(one.quantiles for one in days):
        unit = "hour of the day, UTC" if column.type == "timestamp" else column.unit
        spots = [_spot(one.day, *(one.quantiles or (None, float("nan"), None))) for one in days]
        y_name = f"median, band from 10 % to 90 %{f'; {unit}' if unit else ''}"
        charts.append(draw_days(column.name, {"median": spots}, y_name, canvas=SMALL))
    elif any(one.values is not None for one in days):
        spots = [_spot(one.day, None, float("nan") if one.values is None else one.values) for one in days]
        charts.append(draw_days(column.name, {"values": spots}, "number of different values", canvas=SMALL))
    if any(one.missing for one in days):
        spots = [_spot(one.day, None, 100 * one.missing) for one in days]
        charts.append(draw_days(column.name, {"missing": spots}, "missing values, % of rows", canvas=SMALL))
    kind = "personal data, no value is shown" if column.pii else "too many different values to count"
    nothing = f"<p>{escape(column.name)}: {kind}; none is missing on any day.</p>"
    return show_chart("\n".join(charts) or nothing, column.name, *_tabulate(history))


def _spot(day: date, low: float | None, y: float, high: float | None = None) -> Spot:
    return Spot(float(day.toordinal()), y, low, high)


def _tabulate(history: ColumnHistory) -> tuple[list[str], list[tuple[object, ...]]]:
    """Return the columns and rows of the table behind a column's charts, the newest day first."""
    names = ["day", "rows", "missing"]
    numbers = any(one.quantiles for one in history.days)
    texts = any(one.values is not None for one in history.days)
    names += ["10 %", "median", "90 %"] if numbers else ["different values", "new values"] if texts else []
    rows: list[tuple[object, ...]] = []
    for one in reversed(history.days):
        shown: tuple[object, ...] = (one.day, f"{one.rows:,}", f"{one.missing:.2%}")
        if numbers:
            shown += tuple(f"{q:.4g}" for q in one.quantiles) if one.quantiles else ("–",) * 3
        elif texts:
            shown += ("–" if one.values is None else one.values, _list(one.new) or "–")
        rows.append(shown)
    return names, rows


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
