"""What anyone who knows flights expects of every version, whatever its figures say."""

from __future__ import annotations

from typing import Any

from contender.specs import Direction, Invariance, Minimum

Rows = Any  # a pandas.DataFrame of judged flights


def _with_late_past(flights: Rows) -> Rows:
    return flights.assign(flight_late=(flights["flight_late"] + 0.1).clip(upper=1))


def _in_the_evening(flights: Rows) -> Rows:
    return flights.assign(dep_hour=18, arr_hour=20)


def _to_the_next_field(flights: Rows) -> Rows:
    return flights.assign(dest_lat=flights["dest_lat"] + 0.001, distance=flights["distance"] + 0.1)


BEHAVIOUR = (
    # Not the airport's rate: after weeks of delays calmer ones follow, and versions learn so.
    Direction(
        name="a flight that was late more often foretells more delay",
        change=_with_late_past,
        expect="up",
        by=0.005,
    ),
    Direction(
        name="delays add up over the day: the evening is later than the early morning",
        where=lambda flights: flights["dep_hour"] <= 8,
        change=_in_the_evening,
        expect="up",
        by=0.02,
    ),
    Invariance(
        name="a destination a few hundred feet away changes nothing", change=_to_the_next_field, within=0.005
    ),
    Minimum(
        name="an early flight that is hardly ever late is no likely delay",
        where=lambda flights: (flights["dep_hour"] <= 8) & (flights["flight_late"] <= 0.1),
        high=0.4,
    ),
)
