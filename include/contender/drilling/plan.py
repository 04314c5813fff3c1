"""A planned drill: its nights, and the history with its change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from contender.backtesting import Fits, History, Late, cut
from contender.drilling.changes import Case, DrillError, open_case
from contender.drilling.drills import DRILLS
from contender.measures import predict, split_scores
from contender.specs import Days, ModelSpec

# Nights before the drill, whose results evidence is compared with.
LEAD_NIGHTS = 42
DEFAULT_NIGHTS = 56


class Plan(NamedTuple):
    """A drill at a strength, from the business day `start` on, for a number of nights; `column` is empty for most."""

    drill: str
    start: date
    strength: float
    nights: int = DEFAULT_NIGHTS
    column: str = ""
    seed: int = 0

    def drilled(self, model: ModelSpec) -> Days:
        """Return the nights from the one that scores the start on."""
        first = self.start - timedelta(days=model.horizon_days)
        return Days(first=first, last=first + timedelta(days=self.nights - 1))

    def lead(self, model: ModelSpec) -> Days:
        """Return the nights before the drill."""
        first = self.drilled(model).first
        return Days(first=first - timedelta(days=LEAD_NIGHTS), last=first - timedelta(days=1))

    def all_nights(self, model: ModelSpec) -> Days:
        """Return all nights, for which a history is needed."""
        return Days(first=self.lead(model).first, last=self.drilled(model).last)


def plan_drill(
    model: ModelSpec, name: str, start: date, strength: float | None = None, column: str | None = None
) -> Plan:
    """Return the plan of a drill with its defaults. Raises DrillError if it makes no sense for the model."""
    drill = DRILLS[name]
    strength = drill.default_strength(model) if strength is None else strength
    drill.check_strength(model, strength)
    return Plan(name, start, strength, column=drill.choose_column(model, column))


def change_history(quiet: Fits, plan: Plan) -> tuple[Case, History]:
    """Return the case of a drill, and the history with its change. Raises DrillError.

    Where rows are chosen by their prediction, it is that of the version of the last night before the drill.
    """
    model, history, drill = quiet.model, quiet.history, DRILLS[plan.drill]
    before = history.rows[history.rows["day"] < plan.start]
    case = open_case(model, before, plan.strength, plan.seed, plan.column)
    if drill.of == "maturity":
        nights = Days(first=plan.start, last=plan.start + timedelta(days=int(plan.strength) - 1))
        return case, replace(history, late=Late(model.matured_days(nights), nights.last + timedelta(days=1)))
    if drill.of == "scores":
        return case, history
    changed = drill.change(_score(quiet, plan), plan.start, case)[list(history.rows.columns)]
    check_changed(plan, history.rows, changed)
    days = Days(first=history.first, last=history.first + timedelta(days=len(history.starts) - 2))
    return case, cut(model, changed, days, history.pins)


def check_changed(plan: Plan, rows: pd.DataFrame, changed: pd.DataFrame) -> None:
    """Raise DrillError if the drill of a column has changed none of its values."""
    if plan.column and changed[plan.column].equals(rows[plan.column]):
        raise DrillError(
            f"drill {plan.drill}: no value of column {plan.column!r} changes from {plan.start} on, for example because "
            "it has one value a day anyway: choose another column with --column"
        )


def _score(quiet: Fits, plan: Plan) -> pd.DataFrame:
    """Return all rows, with scores from the start on."""
    model, rows = quiet.model, quiet.history.rows
    last = plan.lead(model).last
    made = next(iter(quiet.fit_all(last)), None)
    if made is None:
        raise DrillError(
            f"{model.name}: no version could be fitted in the night {last}: start the drill later"
        )
    first = int((rows["day"] < plan.start).sum())
    after = rows.iloc[first:]
    found = split_scores(model, predict(model, made.fitted.estimator, after, made.version.features))
    return rows.assign(**{name: np.concatenate([np.full(first, np.nan), its]) for name, its in found.items()})
