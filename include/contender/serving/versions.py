"""A version in memory: predict rows exactly as batch scoring does."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

import pandas as pd

from contender.errors import PermanentError
from contender.measures import predict
from contender.records import TrainedVersion
from contender.scoring import Scorer
from contender.specs import ModelSpec

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from contender.measures import Predictions
    from contender.registry import Registry

Scores = Mapping[str, Sequence[float]]

QUICK_SECONDS, LAST = 0.01, 5


class UnservableVersion(PermanentError):  # noqa: N818 - it is a state, not a mistake
    """A version that must not serve; the message says why."""


class Pace:
    """Whether most of the last small requests were predicted quickly."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=LAST)

    def note(self, seconds: float) -> None:
        """Count a small request that was predicted in so many seconds."""
        self._last.append(seconds)

    @property
    def is_quick(self) -> bool:
        """Whether the next one can be expected to be quick."""
        return len(self._last) == LAST and median(self._last) < QUICK_SECONDS


@dataclass(frozen=True)
class LoadedVersion:
    """A loaded version, the ledger entry that made it the champion, and the time since which it is loaded."""

    model: ModelSpec
    record: TrainedVersion
    pipeline: Pipeline
    entry: int
    since: datetime
    pace: Pace = field(default_factory=Pace, compare=False)

    @property
    def number(self) -> int:
        """Its number in the registry."""
        return self.record.version

    def predict(self, rows: pd.DataFrame) -> Predictions:
        """Predict rows. Raises PredictionError."""
        return predict(self.model, self.pipeline, rows, self.record.features)

    def score(self, rows: pd.DataFrame) -> Scores:
        """Return the score columns of a prediction of each row. Raises PredictionError."""
        scorer = Scorer(self.model, self.number, self.pipeline, self.record.features)
        return {name: found.tolist() for name, found in scorer.score(rows).items()}


def load_version(
    model: ModelSpec, registry: Registry, number: int, entry: int, now: datetime
) -> LoadedVersion:
    """Load a version. Raises UnservableVersion if the contract lacks a feature that it reads."""
    record = registry.version(model.name, number)
    if missing := [name for name in record.features if name not in model.feature_names]:
        raise UnservableVersion(
            f"version {number} reads {', '.join(missing)}, which the contract of {model.name} no longer has: roll "
            "back to a version with the contract's features, or declare them again"
        )
    return LoadedVersion(model, record, registry.load(model.name, number), entry, now)
