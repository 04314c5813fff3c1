"""The losses, per row. Outcomes of a class are its place among the declared classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Outcomes = NDArray[np.float64]
Predictions = NDArray[np.float64]
Loss = Callable[[Outcomes, Predictions], NDArray[np.float64]]


def squared(outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
    """Return the squared error of each row; for a probability and an outcome 0 or 1, the Brier score."""
    return (predictions - outcomes) ** 2


def absolute(outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
    """Return the absolute error of each row."""
    return np.abs(predictions - outcomes)


def logarithmic(outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
    """Return minus the logarithm of the probability of the outcome, clipped as in scikit-learn."""
    clipped = _clip(predictions)
    return -np.where(outcomes > 0, np.log(clipped), np.log1p(-clipped))


def logarithmic_of_classes(outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
    """Return minus the logarithm of the probability of the outcome's class, clipped as for two outcomes.

    `predictions` has a column per class.
    """
    found: NDArray[np.float64] = -np.log(_clip(_pick(outcomes, predictions)))
    return found


def brier_of_classes(outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
    """Return half the sum of squared errors over the classes, which is the Brier score if there are two.

    Brier's own score ("Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950)
    is the sum; half of it is between 0 and 1 for any number of classes.
    """
    happened = np.zeros_like(predictions)
    np.put_along_axis(happened, outcomes.astype(np.int64)[:, None], 1.0, axis=1)
    found: NDArray[np.float64] = ((predictions - happened) ** 2).sum(axis=1) / 2
    return found


def pinball(levels: Sequence[float], outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
    """Return the quantile loss of each row, its mean over `levels`; `predictions` has a column per level.

    It is the loss of quantile regression (Koenker & Bassett, "Regression quantiles", Econometrica 46, 1978), and is
    proper for quantiles (Gneiting & Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 102,
    2007). At level 0.5 it is half the absolute error.
    """
    level, above = np.asarray(levels), outcomes[:, None] - predictions
    found: NDArray[np.float64] = np.maximum(level * above, (level - 1) * above).mean(axis=1)
    return found


def _clip(probabilities: Predictions) -> Predictions:
    smallest = np.finfo(np.float64).eps
    clipped: Predictions = np.clip(probabilities, smallest, 1.0 - smallest)
    return clipped


def _pick(outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
    """Return the predicted probability of each row's own class."""
    picked: NDArray[np.float64] = np.take_along_axis(predictions, outcomes.astype(np.int64)[:, None], axis=1)[
        :, 0
    ]
    return picked
