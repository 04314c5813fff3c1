"""How far a day's outcomes agree with the predictions for them: two figures that wrong labels change."""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np

from contender.measures.losses import Outcomes, Predictions

# Half a row is added to both sides of the odds, so that they are finite.
_HALF = 0.5
# Predictions of less variance are equal but for rounding.
_LEAST_SPREAD = 1e-12


class Agreement(NamedTuple):
    """The agreement of outcomes with predictions; None if the kind of prediction has no such figure.

    `level` is the log odds of the outcomes minus those of the predictions: it falls if positives are missing. `slope`
    is that of a regression of the outcomes on the predictions: it falls if some outcomes are random.
    """

    level: float | None
    slope: float | None


def agree_probability(outcomes: Outcomes, predictions: Predictions) -> Agreement:
    """Return level and slope of outcomes 0 and 1."""
    return Agreement(_log_odds(outcomes) - _log_odds(predictions), _slope(outcomes, predictions))


def agree_quantity(outcomes: Outcomes, predictions: Predictions) -> Agreement:
    """Return the slope of quantities, which have no odds."""
    return Agreement(None, _slope(outcomes, predictions))


def agree_classes(outcomes: Outcomes, predictions: Predictions) -> Agreement:
    """Return the slope over all classes together. `predictions` has a column per class."""
    happened = np.eye(predictions.shape[1])[outcomes.astype(np.int64)]
    return Agreement(None, _slope(happened, predictions))


def _log_odds(chances: Outcomes | Predictions) -> float:
    happening = float(chances.sum())
    return log((happening + _HALF) / (len(chances) - happening + _HALF))


def _slope(outcomes: Outcomes, predictions: Predictions) -> float | None:
    """Return the slope of a regression through the means; None if all predictions are equal."""
    apart = predictions - predictions.mean(axis=0)
    spread = float((apart**2).sum())
    return float((apart * outcomes).sum()) / spread if spread > _LEAST_SPREAD * len(apart) else None
