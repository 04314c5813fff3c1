"""Compare a column's day with its recent days: missing values, distribution, range, and a single value.

Each comparison has a figure of its own. Missing values are not a kind of value: a column whose distribution differs
every day, such as a day's weather, would otherwise hide that half of it is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from contender.profiles.quantiles import RANKS, Distribution, decode, mix
from contender.records import ColumnProfile
from contender.specs.frozen import Frozen

# With fewer values, it is no surprise that all are the same. Three values a day, such as the wind at three airports,
# may be the same now and then if two of them are on some days.
_FEWEST_VALUES = 20
_FEWEST_DISTINCT = 3
_CHANCE = 1e-3


class Compared(Frozen):
    """A figure of a day, and the largest such figure of one of the recent days."""

    today: float
    largest: float

    def limit(self, least: float, ratio: float) -> float:
        """Return the usual limit: a ratio to the largest figure of a recent day, and at least `least`."""
        return max(least, ratio * self.largest)


class Distances(Frozen):
    """How far a column's day is from its recent days together.

    `missing` is the difference of the shares of missing values. `values` is the Kolmogorov-Smirnov distance for
    numbers, the total variation distance for categories. `repeated` is how much larger the share of a single value is,
    of the value whose share has grown most. All three are between 0 and 1. `beyond` is how far the median lies outside
    all recent values, in widths of their range; 0 for categories. `constant` is whether the day has a single value,
    although all recent days had several.
    """

    missing: Compared
    values: Compared
    repeated: Compared
    beyond: float
    constant: bool = False


def measure_distances(today: ColumnProfile, recent: Sequence[ColumnProfile]) -> Distances:
    """Return the distances of a day from the recent days; all 0 where there is nothing to compare."""
    values = repeated = Compared(today=0.0, largest=0.0)
    beyond = 0.0
    if today.sketch is not None:
        days = [decode(day.sketch or "") for day in (today, *recent)]
        together = mix(days[1:], [day.rows - day.nulls for day in recent])
        values, repeated = _number_distances(days, together), _repeated_numbers(days, together)
        beyond = _beyond(days[0], days[1:])
    elif today.counts is not None and all(day.counts is not None for day in recent):
        values, repeated = _category_distances(today, recent), _repeated_categories(today, recent)
    return Distances(
        missing=_missing_distances(today, recent),
        values=values,
        repeated=repeated,
        beyond=beyond,
        constant=_became_constant(today, recent),
    )


def measure_missing_alone(
    today: Mapping[str, ColumnProfile], recent: Sequence[Mapping[str, ColumnProfile]]
) -> dict[str, Compared]:
    """Return by how much each column's share of missing values changed more than those of all but two columns.

    An event of the world, such as a storm that cancels flights, empties several columns of the same rows. A broken
    export mostly empties one.
    """
    if not today:
        return {}
    days = (today, *recent)
    shares = np.array([[_missing_share(day.get(name)) for day in days] for name in today])
    changes = np.abs(shares - np.median(shares[:, 1:], axis=1, keepdims=True))  # one storm moves no median
    ordered = np.vstack([np.sort(changes, axis=0)[::-1], np.zeros((2, len(days)))])
    others = np.where(changes >= ordered[1], ordered[2], ordered[1])
    alone = np.maximum(changes - others, 0.0)
    return {name: _farthest([*map(float, row)]) for name, row in zip(today, alone, strict=True)}


def _missing_share(column: ColumnProfile | None) -> float:
    return 0.0 if column is None else column.nulls / max(1, column.rows)


def _became_constant(today: ColumnProfile, recent: Sequence[ColumnProfile]) -> bool:
    known = today.rows - today.nulls
    if known < _FEWEST_VALUES or _count_values(today) != 1:
        return False
    if today.sketch is not None:
        return all(_count_values(day) >= _FEWEST_DISTINCT for day in recent)
    counted = [day.counts for day in recent if day.counts]
    commonest = max((max(counts.values()) / sum(counts.values()) for counts in counted), default=1.0)
    return commonest**known < _CHANCE


def _count_values(column: ColumnProfile) -> int:
    """Return the number of categories, or of different quantiles; 0 for a column without counts."""
    if column.sketch is None:
        return len(column.counts or ())
    day = decode(column.sketch)
    return len(day.points) if len(day.numbers) else 0


def _missing_distances(today: ColumnProfile, recent: Sequence[ColumnProfile]) -> Compared:
    together = sum(day.nulls for day in recent) / max(1, sum(day.rows for day in recent))
    return _farthest([abs(day.nulls / max(1, day.rows) - together) for day in (today, *recent)])


def _number_distances(days: Sequence[Distribution], together: Distribution) -> Compared:
    """Return the distance of each day, today first, from the recent days together."""
    today = days[0]
    if not len(together.numbers) or not len(today.numbers):
        return Compared(today=0.0, largest=0.0)
    # Today's quantiles are points too: the past of a constant column gives only one point.
    points = np.unique(np.concatenate([together.quantiles(RANKS), today.points]))
    expected = together.up_to(points)
    return _farthest(
        [float(np.abs(day.up_to(points) - expected).max()) if len(day.numbers) else 0.0 for day in days]
    )


def _beyond(today: Distribution, recent: Sequence[Distribution]) -> float:
    known = [day.numbers for day in recent if len(day.numbers)]
    if not known or not len(today.numbers):
        return 0.0
    low, high = min(day[0] for day in known), max(day[-1] for day in known)
    (median,) = today.quantiles(np.array([0.5]))
    outside = max(low - median, median - high, 0.0)
    return float(outside / (high - low)) if high > low else 0.0


def _repeated_numbers(days: Sequence[Distribution], together: Distribution) -> Compared:
    """Return the largest rise of a number's share of all numbers, for each day, today first."""
    if not len(together.numbers):
        return Compared(today=0.0, largest=0.0)

    def rise(day: Distribution) -> float:
        return max(0.0, float((day.shares_of_points - together.share_of(day.points)).max()))

    return _farthest([rise(day) if len(day.numbers) else 0.0 for day in days])


def _repeated_categories(today: ColumnProfile, recent: Sequence[ColumnProfile]) -> Compared:
    together: Counter[str] = Counter()
    for day in recent:
        together.update(day.counts or {})
    others = max(1, together.total())

    def rise(counts: Mapping[str, int]) -> float:
        total = max(1, sum(counts.values()))
        return max((count / total - together[value] / others for value, count in counts.items()), default=0.0)

    return _farthest([rise(day.counts or {}) for day in (today, *recent)])


def _category_distances(today: ColumnProfile, recent: Sequence[ColumnProfile]) -> Compared:
    together: Counter[str] = Counter()
    for day in recent:
        together.update(day.counts or {})
    return _farthest([_total_variation(day.counts or {}, together) for day in (today, *recent)])


def _total_variation(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    total, others = max(1, sum(one.values())), max(1, sum(other.values()))
    return sum(abs(one.get(v, 0) / total - other.get(v, 0) / others) for v in {*one, *other}) / 2


def _farthest(found: Sequence[float]) -> Compared:
    return Compared(today=found[0], largest=max(found[1:], default=0.0))
