"""The strategies of a model for a break: recipes that are fitted only while the world has changed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contender.specs.frozen import Frozen
from contender.specs.recipe import BASELINE, Recipe


class Recovery(Frozen):
    """The strategies that compete while a break is open, besides refreshes and the version that served before it.

    They are fitted on all labelled days of their window, since they are measured on later days only. The baseline is
    always one of them.
    """

    acts_on: tuple[Literal["concept_drift", "regime_break"], ...] = Field(
        default=("concept_drift", "regime_break"), description="the verdicts of monitoring that open a break"
    )
    recipes: tuple[Recipe, ...] = Field(
        default=(), description="such as short windows, or a long one with `half_life_days`"
    )
    baseline_days: int = Field(
        default=90, gt=0, description="days of labelled history that the baseline is fitted on"
    )
    min_rows: int = Field(
        default=200,
        gt=0,
        description="training rows that a strategy needs; with fewer, it does not compete that night",
    )

    @property
    def strategies(self) -> tuple[Recipe, ...]:
        """The declared recipes, then the baseline."""
        baseline = Recipe(name=BASELINE, estimator=BASELINE, window_days=self.baseline_days)
        return (*self.recipes, baseline)
