"""Predictions as arrays and as the score columns of a table: one number per row, or one per row and score column."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contender.measures.losses import Predictions
from contender.specs import KINDS, ModelSpec


def prediction_shape(model: ModelSpec, rows: int) -> tuple[int, ...]:
    """Return the shape of the predictions for a number of rows."""
    return (rows, len(model.score_names)) if KINDS[model.kind].several else (rows,)


def read_scores(model: ModelSpec, rows: pd.DataFrame) -> Predictions:
    """Return the predictions in the score columns of a table's rows."""
    scores: Predictions = rows[list(model.score_names)].to_numpy(np.float64)
    return scores.reshape(prediction_shape(model, len(rows)))


def split_scores(model: ModelSpec, predictions: Predictions) -> dict[str, NDArray[np.float64]]:
    """Return the score columns of predictions, by name."""
    table = predictions.reshape(len(predictions), len(model.score_names))
    return {name: table[:, nth] for nth, name in enumerate(model.score_names)}


def missing_predictions(model: ModelSpec, rows: int) -> Predictions:
    """Return predictions without a value."""
    return np.full(prediction_shape(model, rows), np.nan)


def finite_rows(predictions: Predictions) -> NDArray[np.bool_]:
    """Return for each row whether all its scores are finite."""
    finite = np.isfinite(predictions.reshape(len(predictions), -1))
    return np.asarray(finite.all(axis=1))
