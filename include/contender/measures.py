"""Losses and measures of predictions, shared by evaluation, sequential tests, backtest and monitoring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from contender.records import Measures
from contender.specs import LossName, ModelSpec, load_module

Outcomes = NDArray[np.float64]
Predictions = NDArray[np.float64]
Loss = Callable[[Outcomes, Predictions], NDArray[np.float64]]

CALIBRATION_BINS = 10


class LossError(ValueError):
    """A model's cost function does not return one finite number per row; the message says what it returned."""


def squared(outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
    """Return the squared error of each row; for a probability and an outcome 0 or 1, the Brier score."""
    return (predictions - outcomes) ** 2


def absolute(outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
    """Return the absolute error of each row."""
    return np.abs(predictions - outcomes)


def logarithmic(outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
    """Return minus the logarithm of the probability of the outcome, clipped as in scikit-learn."""
    smallest = np.finfo(np.float64).eps
    clipped = np.clip(predictions, smallest, 1.0 - smallest)
    return -np.where(outcomes > 0, np.log(clipped), np.log1p(-clipped))


_LOSSES: dict[LossName, Loss] = {
    "brier": squared,
    "squared": squared,
    "absolute": absolute,
    "log_loss": logarithmic,
}


def choose_loss(model: ModelSpec, home: Path) -> Loss:
    """Return the loss function of a model; `cost` is `compute_costs` of `cost.py` in the model's folder.

    The result of a cost function is checked at each call: it raises LossError unless it is a finite number per row.
    """
    if model.loss != "cost":
        return _LOSSES[model.loss]
    compute_costs: Loss = load_module(home / "cost.py").compute_costs

    def cost(outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
        found = np.asarray(compute_costs(outcomes, predictions), dtype=np.float64)
        if found.shape != outcomes.shape or not np.isfinite(found).all():
            raise LossError(
                f"{model.name}: cost.py: compute_costs returned {_describe(found)} for {len(outcomes)} rows: "
                "return one finite number for each row"
            )
        return found

    return cost


def _describe(found: NDArray[np.float64]) -> str:
    missing = int((~np.isfinite(found)).sum())
    return f"{missing} numbers that are not finite" if missing else f"an array of shape {found.shape}"


def mean_loss(loss: Loss, outcomes: Outcomes, predictions: Predictions) -> float:
    """Return the mean loss over arrays of the same length, with at least one row."""
    return float(np.mean(loss(outcomes, predictions)))


def measure(model: ModelSpec, loss: Loss, outcomes: Outcomes, predictions: Predictions) -> Measures:
    """Measure predictions against outcomes, arrays of the same length with at least one row.

    AUC, Brier score and log loss are computed for probabilities only, and AUC only if both outcomes occur; absolute and
    squared errors for quantities only. The calibration error of quantities is in standard deviations of the outcomes.
    """
    probable = model.predicts == "probability"
    spread = 1.0 if probable else float(outcomes.std()) or 1.0
    decided = 0 < outcomes.mean() < 1
    return Measures(
        rows=len(outcomes),
        mean_label=float(outcomes.mean()),
        loss=mean_loss(loss, outcomes, predictions),
        auc=float(roc_auc_score(outcomes, predictions)) if probable and decided else None,
        brier=float(brier_score_loss(outcomes, predictions)) if probable else None,
        log_loss=float(log_loss(outcomes, predictions, labels=[0, 1])) if probable else None,
        mean_absolute_error=None if probable else mean_loss(absolute, outcomes, predictions),
        root_mean_squared_error=None if probable else mean_loss(squared, outcomes, predictions) ** 0.5,
        calibration_error=calibration_error(outcomes, predictions) / spread,
    )


def calibration_error(outcomes: Outcomes, predictions: Predictions) -> float:
    """Return the expected calibration error over ten bins of equal size (Naeini, Cooper and Hauskrecht, AAAI 2015).

    It is the mean over bins, weighted by rows, of |mean prediction - mean outcome|; for probabilities, from 0 to 1.
    """
    order = np.argsort(predictions, kind="stable")
    bins = [rows for rows in np.array_split(order, CALIBRATION_BINS) if len(rows)]
    gaps = [len(rows) * abs(predictions[rows].mean() - outcomes[rows].mean()) for rows in bins]
    return float(sum(gaps) / len(order))
