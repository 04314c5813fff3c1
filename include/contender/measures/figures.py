"""The measures that only some kinds of prediction have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from contender.measures.losses import (
    Outcomes,
    Predictions,
    absolute,
    brier_of_classes,
    logarithmic_of_classes,
    squared,
)


class Figures(TypedDict, total=False):
    """The measures that only some kinds of prediction have, by their names in `Measures`."""

    mean_label: float
    auc: float | None
    brier: float
    log_loss: float
    accuracy: float
    mean_absolute_error: float
    root_mean_squared_error: float
    coverage: float
    interval_width: float


def describe_probability(outcomes: Outcomes, predictions: Predictions) -> Figures:
    """Return AUC (only if both outcomes occur), Brier score and log loss."""
    decided = 0 < outcomes.mean() < 1
    return {
        "mean_label": float(outcomes.mean()),
        "auc": float(roc_auc_score(outcomes, predictions)) if decided else None,
        "brier": float(brier_score_loss(outcomes, predictions)),
        "log_loss": float(log_loss(outcomes, predictions, labels=[0, 1])),
    }


def describe_quantity(outcomes: Outcomes, predictions: Predictions) -> Figures:
    """Return the mean absolute and the root mean squared error."""
    return {
        "mean_label": float(outcomes.mean()),
        "mean_absolute_error": float(np.mean(absolute(outcomes, predictions))),
        "root_mean_squared_error": float(np.mean(squared(outcomes, predictions))) ** 0.5,
    }


def describe_class(outcomes: Outcomes, predictions: Predictions) -> Figures:
    """Return Brier score, log loss, and the share of rows whose class has the highest probability."""
    return {
        "brier": float(brier_of_classes(outcomes, predictions).mean()),
        "log_loss": float(logarithmic_of_classes(outcomes, predictions).mean()),
        "accuracy": float((predictions.argmax(axis=1) == outcomes).mean()),
    }


def describe_quantiles(levels: Sequence[float], outcomes: Outcomes, predictions: Predictions) -> Figures:
    """Return the coverage and mean width of the interval between the outermost quantiles, and the median's error."""
    found: Figures = {"mean_label": float(outcomes.mean())}
    if 0.5 in levels:
        median = predictions[:, levels.index(0.5)]
        found["mean_absolute_error"] = float(np.mean(absolute(outcomes, median)))
    if len(levels) > 1:
        low, high = predictions[:, 0], predictions[:, -1]
        found["coverage"] = float(((low <= outcomes) & (outcomes <= high)).mean())
        found["interval_width"] = float((high - low).mean())
    return found
