"""The cadences that a backtest can run, by name."""

from __future__ import annotations

from datetime import date
from typing import Literal, get_args

from contender.specs import WEEKDAYS, Cadence, ModelSpec, WhenNeeded

CadenceName = Literal["nightly", "weekly", "monthly", "when_needed", "own", "oracle"]
# With `oracle`, the nights to fit in are chosen in hindsight.
CADENCES: tuple[CadenceName, ...] = get_args(CadenceName)


def find_cadence(name: CadenceName, model: ModelSpec, first: date) -> Cadence:
    """Return the cadence of a name; weekly means the weekday of the first night, `own` that of the spec."""
    match name:
        case "weekly":
            return Cadence(weekday=WEEKDAYS[first.weekday()])
        case "monthly":
            return Cadence(every_days=30)
        case "when_needed":
            return Cadence(when_needed=find_bounds(model))
        case "own":
            return model.cadence
    return Cadence()


def find_bounds(model: ModelSpec) -> WhenNeeded:
    """Return the bounds in the model's spec, or the default ones."""
    return model.cadence.when_needed or WhenNeeded()
