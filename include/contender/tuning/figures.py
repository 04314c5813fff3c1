"""The record of a search: its trials, and how the best one did on days that were not searched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from contender.feasibility import Estimate
from contender.specs import Days, Recipe
from contender.specs.frozen import Frozen
from contender.tuning.space import Value


class Trial(Frozen):
    """A set of parameters that was tried."""

    changes: Mapping[str, Value]
    state: Literal["measured", "stopped early", "failed"]
    loss: float | None = Field(description="mean over rows; of the blocks so far if it was stopped early")
    failure: str | None = None


class Tuned(Frozen):
    """A search of a recipe's parameters. Losses are means over rows."""

    model: str
    recipe: Recipe
    current: Mapping[str, Value | None] = Field(description="the recipe's own values of what was searched")
    loss: str
    rows: int = Field(description="labelled rows of the history that was read, or of its sample")
    searched: tuple[Days, ...] = Field(description="blocks that all trials were measured on, oldest first")
    confirmed: Days = Field(description="the newest block, which no trial was chosen by")
    seconds: float
    loss_now: float = Field(description="of the recipe as it is, on the searched blocks")
    trials: tuple[Trial, ...]
    held: Estimate | None = Field(
        default=None, description="loss of the best trial minus that of the recipe, on the newest block"
    )

    @property
    def best(self) -> Trial | None:
        """The measured trial with the lowest loss, if that is lower than the recipe's."""
        measured = [trial for trial in self.trials if trial.state == "measured" and trial.loss is not None]
        found = min(measured, key=lambda trial: trial.loss or 0.0, default=None)
        return found if found is not None and (found.loss or 0.0) < self.loss_now else None
