"""A fitted version of a backtest with its predictions by day, and the loss of a served day."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from contender.evaluating import Examined
from contender.measures import Predictions
from contender.records import TrainedVersion, TrainingSketch
from contender.specs import Days
from contender.specs.frozen import Frozen
from contender.training import Fitted


class ServedDay(Frozen):
    """The mean loss of a day's served predictions; `version` is None for the baseline."""

    day: date
    version: int | None
    loss: float
    rows: int


@dataclass
class Made:
    """A fitted version with its predictions by day."""

    version: TrainedVersion
    fitted: Fitted
    sketch: TrainingSketch
    cpu: float
    examined: Examined | None = None
    scores: dict[date, Predictions] = field(default_factory=dict)
    baseline: dict[date, Predictions] = field(default_factory=dict)
    failures: dict[date, str] = field(default_factory=dict)

    def failure(self, days: Days) -> str | None:
        """Return why the rows of these days could not be predicted; None if they could."""
        return next((self.failures[day] for day in days.each() if day in self.failures), None)

    def before(self, day: date) -> Made:
        """Return the version with the predictions of earlier days only."""
        return replace(
            self,
            scores={each: its for each, its in self.scores.items() if each < day},
            baseline={each: its for each, its in self.baseline.items() if each < day},
            failures={each: its for each, its in self.failures.items() if each < day},
        )
