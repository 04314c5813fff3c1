"""A version that predicts pieces of rows: the same function for every engine, so that all predict the same bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from contender.errors import PermanentError
from contender.lake import Pieces
from contender.measures import PredictionError, predict, split_scores
from contender.specs import ModelSpec

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from contender.registry import Registry

Scores = Mapping[str, NDArray[np.float64]]


class ScoringError(PermanentError):
    """The rows cannot be scored; the message says what is missing."""


class CannotPredict(ScoringError):  # noqa: N818 - it is a state, not a mistake
    """A version cannot predict the rows; predicting them again would not help."""


class Scorer(NamedTuple):
    """A version that is loaded for batch scoring."""

    model: ModelSpec
    version: int
    pipeline: Pipeline
    features: Sequence[str]

    def score(self, rows: pd.DataFrame) -> Scores:
        """Return the score columns of a prediction of each row. Raises PredictionError."""
        return split_scores(self.model, predict(self.model, self.pipeline, rows, self.features))

    def score_pieces(self, features: Pieces) -> Iterator[pa.Table]:
        """Yield the predictions of the rows, a piece at a time. Raises CannotPredict."""
        by = {"model_version": self.version, "feature_snapshot": features.snapshot}
        for piece in features:
            try:
                scores = self.score(features.to_frame(piece))
            except PredictionError as error:
                raise CannotPredict(
                    f"{self.model.name}: version {self.version} cannot predict the rows of {features.days.key}: "
                    f"{error}: let its recipe accept such values (for a new category, an encoder that ignores "
                    "unknown ones)"
                ) from error
            scored = piece.select(list(self.model.row_key))
            for name, column in scores.items():
                scored = scored.append_column(name, pa.array(column, pa.float64()))
            for name, value in by.items():
                scored = scored.append_column(name, pa.array([value] * piece.num_rows, pa.int64()))
            yield scored


def load_scorer(model: ModelSpec, version: int, registry: Registry) -> Scorer:
    """Load a version as batch scoring does. Raises UnknownVersion."""
    seen = registry.version(model.name, version).features
    return Scorer(model, version, registry.load(model.name, version), seen)
