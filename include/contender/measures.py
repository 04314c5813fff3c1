"""Measures of probabilistic forecasts of a yes or no; evaluation and monitoring must mean the same by them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from contender.records import Measures

Probabilities = NDArray[np.float64]
Outcomes = NDArray[np.int64]

CALIBRATION_BINS = 10


def measure(outcomes: Outcomes, probabilities: Probabilities) -> Measures:
    """Measure probabilities against outcomes (0 or 1), arrays of the same length, at least one row.

    AUC is None when only one outcome occurs. Log loss clips probabilities as scikit-learn does.
    """
    positives = int(outcomes.sum())
    decided = 0 < positives < len(outcomes)
    return Measures(
        rows=len(outcomes),
        positives=positives,
        auc=float(roc_auc_score(outcomes, probabilities)) if decided else None,
        brier=float(brier_score_loss(outcomes, probabilities)),
        log_loss=float(log_loss(outcomes, probabilities, labels=[0, 1])),
        calibration_error=calibration_error(outcomes, probabilities),
    )


def mean_loss(outcomes: NDArray[np.float64], predictions: NDArray[np.float64]) -> float:
    """The mean squared difference; of probabilities and outcomes 0 or 1, it is the Brier score."""
    return float(np.mean((predictions - outcomes) ** 2))


def calibration_error(outcomes: Outcomes, probabilities: Probabilities) -> float:
    """Expected calibration error over ten bins of equal size (after Naeini, Cooper and Hauskrecht, AAAI 2015).

    The mean over bins, weighted by rows, of |mean probability - share of positives|. Between 0 and 1.
    """
    order = np.argsort(probabilities, kind="stable")
    bins = [rows for rows in np.array_split(order, CALIBRATION_BINS) if len(rows)]
    gaps = [len(rows) * abs(probabilities[rows].mean() - outcomes[rows].mean()) for rows in bins]
    return float(sum(gaps) / len(order))
