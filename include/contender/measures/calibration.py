"""Calibration of probabilities and quantities in bins, and of quantiles by their coverage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contender.measures.losses import Outcomes, Predictions
from contender.records import CalibrationPoint

CALIBRATION_BINS = 10


def calibration_error(outcomes: Outcomes, predictions: Predictions) -> float:
    """Return the expected calibration error over ten bins of equal size (Naeini, Cooper and Hauskrecht, AAAI 2015).

    It is the mean over bins, weighted by rows, of |mean prediction - mean outcome|; for probabilities, from 0 to 1.
    """
    order = np.argsort(predictions, kind="stable")
    bins = [rows for rows in np.array_split(order, CALIBRATION_BINS) if len(rows)]
    gaps = [len(rows) * abs(predictions[rows].mean() - outcomes[rows].mean()) for rows in bins]
    return float(sum(gaps) / len(order))


def calibrate(
    outcomes: Outcomes, predictions: Predictions, of: str | None = None
) -> tuple[CalibrationPoint, ...]:
    """Return mean predictions and mean outcomes in ten bins of equal size, from the lowest prediction up."""
    order = np.argsort(predictions, kind="stable")
    return tuple(
        CalibrationPoint(
            predicted=float(predictions[rows].mean()),
            observed=float(outcomes[rows].mean()),
            rows=len(rows),
            of=of,
        )
        for rows in np.array_split(order, CALIBRATION_BINS)
        if len(rows)
    )


def class_error(outcomes: Outcomes, predictions: Predictions) -> float:
    """Return the largest calibration error of a class, each against all others.

    Classwise calibration is that of Kull et al., "Beyond temperature scaling" (NeurIPS 2019). They take the mean over
    classes, which hides one bad class among many.
    """
    return max(
        calibration_error((outcomes == nth).astype(np.float64), predictions[:, nth])
        for nth in range(predictions.shape[1])
    )


def calibrate_classes(
    classes: Sequence[str], outcomes: Outcomes, predictions: Predictions
) -> tuple[CalibrationPoint, ...]:
    """Return the bins of each class in turn, each against all others."""
    return tuple(
        point
        for nth, name in enumerate(classes)
        for point in calibrate((outcomes == nth).astype(np.float64), predictions[:, nth], of=name)
    )


def cover(
    levels: Sequence[float], outcomes: Outcomes, predictions: Predictions
) -> tuple[CalibrationPoint, ...]:
    """Return, for each level, the share of outcomes below the predicted quantile.

    Of outcomes equal to the quantile, as many are counted as bring the share closest to the level: the quantile of a
    distribution with ties has a share below it of at most the level, and a share up to it of at least the level.
    """
    below = (outcomes[:, None] < predictions).mean(axis=0)
    up_to = (outcomes[:, None] <= predictions).mean(axis=0)
    return tuple(
        CalibrationPoint(predicted=level, observed=float(np.clip(level, low, high)), rows=len(outcomes))
        for level, low, high in zip(levels, below, up_to, strict=True)
    )


def coverage_error(levels: Sequence[float], outcomes: Outcomes, predictions: Predictions) -> float:
    """Return the largest difference between a level and the share of outcomes below its predicted quantile."""
    return max(abs(point.observed - point.predicted) for point in cover(levels, outcomes, predictions))
