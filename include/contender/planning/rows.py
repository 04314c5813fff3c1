"""About how many rows a range of days has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from contender.specs import Days

_RECENT = 7


def count_rows(rows: Mapping[date, int], days: Days) -> int | None:
    """Return the rows of these days; None without rows of any day before their end.

    Days after the newest one with rows count as the mean of the last seven days that have any.
    """
    known = {day: count for day, count in rows.items() if day <= days.last}
    if not known:
        return None
    newest = max(known)
    recent = [known[day] for day in sorted(known)[-_RECENT:]]
    ahead = sum(1 for day in days.each() if day > newest)
    held = sum(count for day, count in known.items() if day in days)
    return held + round(ahead * sum(recent) / len(recent))


def join_rows(features: Mapping[date, int], labels: Mapping[date, int]) -> dict[date, int]:
    """Return the labelled rows of each day: at most as many as it has features and labels."""
    return {day: min(count, features[day]) for day, count in labels.items() if day in features}
