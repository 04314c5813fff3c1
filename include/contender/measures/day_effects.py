"""How far a day's outcomes contradict predicted probabilities, apart from what the whole day has in common.

A storm makes most flights late, those of one airport and those in the evening most of all: the loss rises, although
the model is as good as before. So the day's own level and the effects of a few declared columns are fitted first, by a
logistic regression with the predictions as offset. Then the share of inverted outcomes is estimated that explains the
remaining contradictions best: late flights among those with the lowest predictions count most.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contender.measures.losses import Outcomes, Predictions

Effects = NDArray[np.float64]

# Predictions closer to 0 or 1 than this count as this.
_LEAST = 1e-3
# A single row weighs at most as much as one with a prediction of 0.02: it must not decide the day.
_LARGEST_WEIGHT = 50.0
# With less, the standard error of the share is above 1.
_LEAST_INFORMATION = 1.0
_MOST_CATEGORIES = 50
_LARGEST_DEVIATION = 4.0
_STEPS, _SMALLEST_STEP, _LARGEST_STEP = 30, 1e-5, 3.0


def encode_effects(rows: pd.DataFrame, columns: Sequence[str]) -> Effects:
    """Return the columns as numbers, with a row each: 1 for the level, then categories as 0 and 1, numbers and squares.

    Numbers are standardised, and missing ones count as the mean.
    """
    encoded = [np.ones((len(rows), 1))]
    for name in columns:
        values = rows[name]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            encoded.append(_encode_number(values))
        else:
            frequent = values.value_counts().index[:_MOST_CATEGORIES]
            encoded.append((values.to_numpy()[:, None] == frequent.to_numpy()[None, :]).astype(np.float64))
    return np.hstack(encoded)


def estimate_inverted(outcomes: Outcomes, predictions: Predictions, effects: Effects) -> float:
    """Return the estimated share of inverted outcomes: around 0 if predictions are as good as calibrated ones.

    It is one step of Fisher scoring from 0 in the mixture (1 - share) * p + share * (1 - p), where `p` includes the
    day's effects. It may be negative. If predictions hardly differ, it is 0.
    """
    chances = _remove_effects(outcomes, predictions, effects)
    spread = chances * (1 - chances)
    slope = np.minimum((1 - 2 * chances) / spread, _LARGEST_WEIGHT)
    slope -= np.average(slope, weights=spread)
    information = float(np.sum(spread * slope**2))
    if information < _LEAST_INFORMATION:
        return 0.0
    return float(np.clip(np.sum((outcomes - chances) * slope) / information, -1, 1))


def estimate_inverted_high(outcomes: Outcomes, predictions: Predictions, effects: Effects) -> float:
    """Return the share of `estimate_inverted` among the rows in the upper half of the predictions.

    There, an inverted outcome weighs little beside one of the lowest predictions, so only their own share shows it.
    """
    upper = predictions >= np.median(predictions)
    return estimate_inverted(outcomes[upper], predictions[upper], effects[upper])


def _encode_number(values: pd.Series) -> Effects:
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    if np.isnan(numbers).all():
        return np.zeros((len(numbers), 0))
    with np.errstate(over="ignore"):
        deviation = float(np.nanstd(numbers))
    if deviation == 0:
        return np.zeros((len(numbers), 0))
    scores = np.nan_to_num((numbers - np.nanmean(numbers)) / deviation)
    scores = np.clip(scores, -_LARGEST_DEVIATION, _LARGEST_DEVIATION)
    return np.stack([scores, scores**2 - 1], axis=1)


def _remove_effects(outcomes: Outcomes, predictions: Predictions, effects: Effects) -> Predictions:
    """Return predictions after the day's effects: a logistic regression with a penalty, by Newton's method.

    The penalty is that of normal effects with a standard deviation of 1, so a rare category has little effect.
    """
    likely = np.clip(predictions, _LEAST, 1 - _LEAST)
    offset = np.log(likely / (1 - likely))
    found = np.zeros(effects.shape[1])
    chances = likely
    for _ in range(_STEPS):
        gradient = effects.T @ (outcomes - chances) - found
        curvature = (effects * (chances * (1 - chances))[:, None]).T @ effects + np.eye(len(found))
        step = np.linalg.solve(curvature, gradient)
        largest = float(np.abs(step).max())
        found += step * min(1.0, _LARGEST_STEP / largest) if largest > 0 else step
        chances = np.clip(1 / (1 + np.exp(-(offset + effects @ found))), _LEAST, 1 - _LEAST)
        if largest < _SMALLEST_STEP:
            break
    return chances
