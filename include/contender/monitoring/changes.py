"""Columns that changed from one day to the next: a day's profile against the profiles of its recent days.

All rows count, by mergeable sketches, so the result does not depend on the number of rows. A column's limit follows how
much it usually differs from day to day, and how much it may differ by chance with so few rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from statistics import fmean

from contender.profiles import Compared, Distances, measure_distances
from contender.records import ChangeKind, ColumnChange, DayProfile, ScoreSkew
from contender.specs import Monitoring
from contender.specs.frozen import Frozen

FEWEST_DAYS = 14
# A Kolmogorov-Smirnov distance exceeds 1.9 / sqrt(rows) by chance in 0.15 % of days (the limit of its distribution).
CHANCE = 1.9
_SMALLEST_DISTANCE = 0.01
# A column differs unusually if its distance is this many times the largest one of a recent day. A change of the world
# moves several columns that far at once, a fault of one column seldom a second one.
_UNUSUAL = 1.5
_FEWEST_UNUSUAL = 2


class Changes(Frozen):
    """The columns of a day that changed, the number that was compared, and their mean distance.

    The distance of a column is in units of the largest distance of one of its recent days; None if none was compared.
    `unusual` names the features whose distance is above 1.5.
    """

    day: date
    compared: int = 0
    changed: tuple[ColumnChange, ...] = ()
    unusual: tuple[str, ...] = ()
    distance: float | None = None
    skew: ScoreSkew | None = None


def is_widespread(unusual: Collection[str], compared: int, watch: Monitoring) -> bool:
    """Return whether so many features differ unusually that the world has changed, not a feed."""
    return len(unusual) >= _FEWEST_UNUSUAL and len(unusual) > watch.max_unusual_share * compared


def find_changes(
    today: DayProfile,
    recent: Sequence[DayProfile],
    watch: Monitoring,
    changed_before: Mapping[str, Collection[date]] = {},
) -> Changes:
    """Compare a day with its recent days, oldest first, without those on which the same column had changed already.

    A fault that lasts must not become the usual state. With fewer than 14 remaining days, a column is not compared.
    """
    found: dict[str, Distances] = {}
    for name, column in today.columns.items() if today.rows else ():
        days = [
            day
            for day in recent
            if name in day.columns and day.rows and day.day not in changed_before.get(name, ())
        ][-watch.reference_days :]
        if len(days) >= FEWEST_DAYS:
            found[name] = measure_distances(column, [day.columns[name] for day in days])
    return Changes(
        day=today.day,
        compared=len(found),
        changed=tuple(
            change
            for name, distances in found.items()
            if (change := judge_column(name, today.rows, distances, watch)) is not None
        ),
        unusual=tuple(name for name, distances in found.items() if _relative(distances.values) > _UNUSUAL),
        distance=fmean(_relative(distances.values) for distances in found.values()) if found else None,
    )


def judge_column(name: str, rows: int, found: Distances, watch: Monitoring) -> ColumnChange | None:
    """Return what changed in a column, or None: missing values, else a single value, else range, else distribution."""
    chance, ratio = CHANCE / rows**0.5, watch.max_distance_ratio
    figures: dict[ChangeKind, tuple[float, float]] = {
        "missing": (found.missing.today, found.missing.limit(max(watch.min_missing_change, chance), ratio)),
        "constant": (float(found.constant), 0.0),
        "range": (found.beyond, watch.max_widths_beyond),
        "values": (found.values.today, found.values.limit(max(watch.min_distance, chance), ratio)),
    }
    for kind, (observed, limit) in figures.items():
        if observed > limit:
            return ColumnChange(column=name, kind=kind, observed=observed, limit=limit)
    return None


def _relative(found: Compared) -> float:
    return found.today / max(found.largest, _SMALLEST_DISTANCE)
