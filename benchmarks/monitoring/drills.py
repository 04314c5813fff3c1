"""The drills of the benchmark: those of `contender drill`, some at other strengths."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import pandas as pd

from contender.drilling import DRILLS, open_case
from contender.records import DriftVerdict
from contender.specs import ModelSpec


class Injected(NamedTuple):
    """Drills that are applied one after the other, each with a strength, and the verdict that is right."""

    drills: tuple[tuple[str, float], ...]
    verdict: DriftVerdict

    @property
    def changes(self) -> set[str]:
        """What changes: features (predictions must be made again), outcomes, rows, or scores."""
        return {DRILLS[name].of for name, _ in self.drills}

    def change(self, model: ModelSpec, rows: pd.DataFrame, start: date, nth: int) -> pd.DataFrame:
        """Return rows changed from a day on; where a column is chosen, it is another one for each start, `nth`."""
        for name, strength in self.drills:
            column = DRILLS[name].choose_column(model, nth=nth)
            case = open_case(model, rows[rows["day"] < start], strength, nth, column)
            rows = DRILLS[name].change(rows, start, case)
        return rows


def inject(name: str, strength: float | None = None) -> Injected:
    """Return a drill at a strength, or at its default."""
    drill = DRILLS[name]
    return Injected(((name, drill.strength if strength is None else strength),), drill.verdict)


INJECTED: Mapping[str, Injected] = {
    "column emptied": inject("feed"),
    "a tenth of a column emptied": inject("tenth"),
    "column constant": inject("constant"),
    "unit of a column changed": inject("unit"),
    "predictions constant": inject("constant-scores"),
    "predictions shuffled": inject("join"),
    "15 % of outcomes inverted": inject("sudden"),
    "5 % of outcomes inverted": inject("sudden", 0.05),
    "outcomes inverted, +1 % a day": inject("gradual"),
    "other mix of rows": inject("covariate"),
    "other mix, 30 % inverted": Injected((("covariate", 0.9), ("sudden", 0.3)), "regime_break"),
    "pandemic": inject("pandemic"),
    "a week of another season": inject("seasonal"),
}
