"""Predict rows with a fitted pipeline, by a model's kind of prediction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from contender.errors import PermanentError
from contender.measures.kinds import kind_of
from contender.measures.losses import Predictions
from contender.measures.scores import missing_predictions, prediction_shape
from contender.specs import ModelSpec

# Encoded rows of so many fit into a processor's caches: half the CPU time of ten times as many, and the same bits.
ROWS_AT_ONCE = 50_000


class PredictionError(PermanentError):
    """A pipeline raised an exception for these rows, or returned something else than the scores of each."""


def predict(model: ModelSpec, pipeline: Pipeline, rows: pd.DataFrame, features: Sequence[str]) -> Predictions:
    """Predict each row from the pipeline's feature columns: its score, or a column for each of its scores.

    The pipeline gets `ROWS_AT_ONCE` rows at a time. Raises PredictionError, whatever the pipeline raises: it is
    often user code, or meets a value that its fit lacked.
    """
    seen, kind = rows[list(features)], kind_of(model)
    pieces = [seen]
    if len(rows) > ROWS_AT_ONCE:
        pieces = [seen[begin : begin + ROWS_AT_ONCE] for begin in range(0, len(rows), ROWS_AT_ONCE)]
    try:
        parts = [np.asarray(kind.predict(pipeline, piece), dtype=np.float64) for piece in pieces]
        predictions = np.concatenate(parts)
    except Exception as error:
        raise PredictionError(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
    if predictions.shape != prediction_shape(model, len(rows)):
        raise PredictionError(f"predictions of shape {predictions.shape} for {len(rows)} rows")
    return predictions


def try_predict(
    model: ModelSpec, pipeline: Pipeline, rows: pd.DataFrame, features: Sequence[str]
) -> tuple[Predictions, str | None]:
    """Predict as `predict` does; where it raises PredictionError, return NaN for each row, and the message."""
    try:
        return predict(model, pipeline, rows, features), None
    except PredictionError as error:
        return missing_predictions(model, len(rows)), str(error)
