"""Behaviour tests that every version must pass."""

from __future__ import annotations

from typing import Any

from contender.specs import Direction, Invariance, Minimum

Rows = Any  # a pandas.DataFrame of evaluated flights


def _with_late_past(flights: Rows) -> Rows:
    return flights.assign(flight_late=(flights["flight_late"] + 0.1).clip(upper=1))


def _in_the_evening(flights: Rows) -> Rows:
    return flights.assign(dep_hour=18, arr_hour=20)


def _to_the_next_field(flights: Rows) -> Rows:
    return flights.assign(dest_lat=flights["dest_lat"] + 0.001, distance=flights["distance"] + 0.1)


BEHAVIOUR = (
    # The airport's rate does not qualify: calmer weeks follow weeks of delays, and versions learn this.
    Direction(
        name="a flight that was late more often has a higher predicted delay",
        change=_with_late_past,
        expect="up",
        by=0.005,
    ),
    Direction(
        name="delays accumulate over the day: evening flights are later than early ones",
        where=lambda flights: flights["dep_hour"] <= 8,
        change=_in_the_evening,
        expect="up",
        by=0.02,
    ),
    Invariance(
        name="a destination a few hundred feet away changes nothing", change=_to_the_next_field, within=0.005
    ),
    Minimum(
        name="an early flight that is rarely late is predicted on time",
        where=lambda flights: (flights["dep_hour"] <= 8) & (flights["flight_late"] <= 0.1),
        high=0.4,
    ),
)
