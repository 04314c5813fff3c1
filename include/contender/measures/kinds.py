"""The arithmetic of each kind of prediction, in one table: the rest of the engine has no case for a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from contender.measures.agreement import Agreement, agree_classes, agree_probability, agree_quantity
from contender.measures.calibration import (
    calibrate,
    calibrate_classes,
    calibration_error,
    class_error,
    cover,
    coverage_error,
)
from contender.measures.day_effects import Effects, estimate_inverted, estimate_inverted_high
from contender.measures.figures import (
    Figures,
    describe_class,
    describe_probability,
    describe_quantiles,
    describe_quantity,
)
from contender.measures.losses import (
    Loss,
    Outcomes,
    Predictions,
    absolute,
    brier_of_classes,
    logarithmic,
    logarithmic_of_classes,
    pinball,
    squared,
)
from contender.records import CalibrationPoint
from contender.specs import KindName, LossName, ModelSpec

# Probabilities of single precision do not add up to 1 exactly.
_TOLERANCE = 1e-3
STANDARD_DEVIATIONS = "standard deviations"


class LabelError(ValueError):
    """A label is not among the declared classes; the message names it."""


class Distance(NamedTuple):
    """How far two sets of predictions are apart: the mean over rows of the absolute, and of the signed, difference."""

    absolute: float
    signed: float


@dataclass(frozen=True)
class Kind:
    """What differs between kinds of prediction. Predictions have a row each, and a column per score if several."""

    predict: Callable[[Pipeline, pd.DataFrame], Predictions]
    encode: Callable[[pd.Series], Outcomes]  # labels as numbers
    decode: Callable[[Outcomes], NDArray[np.generic]]  # numbers as labels, for a model's own cost function
    losses: Mapping[LossName, Loss]
    constant: Callable[[Outcomes], Predictions | float]  # replaces predictions that are not finite
    worst: Callable[[Outcomes], Predictions]  # stands for the predictions of a version that made none
    spread: Callable[[Outcomes], float]  # the unit of differences between predictions
    unit: str  # its name, if it is not that of the prediction
    distance: Callable[[Predictions], Distance]  # from the differences
    calibrate: Callable[[Outcomes, Predictions], tuple[CalibrationPoint, ...]]
    calibration_error: Callable[[Outcomes, Predictions], float]
    figures: Callable[[Outcomes, Predictions], Figures]
    estimate: Callable[[Loss, Predictions], float] | None = None  # the loss, if predictions are calibrated
    agree: Callable[[Outcomes, Predictions], Agreement] | None = None
    # The outcomes whose mean a score predicts, given its column if there are several; None if it predicts no mean.
    expected: Callable[[Outcomes, int | None], Outcomes] | None = None
    # The share of inverted outcomes that explains how they contradict the predictions, given a day's effects.
    inverted: Callable[[Outcomes, Predictions, Effects], float] | None = None
    inverted_high: Callable[[Outcomes, Predictions, Effects], float] | None = (
        None  # of the higher predictions
    )


def kind_of(model: ModelSpec) -> Kind:
    """Return the arithmetic of a model's predictions."""
    return _KINDS[model.kind](model)


def _probability(_: ModelSpec) -> Kind:
    return Kind(
        predict=lambda pipeline, rows: pipeline.predict_proba(rows)[:, 1],
        encode=_as_numbers,
        decode=_unchanged,
        losses={"brier": squared, "log_loss": logarithmic},
        constant=_mean,
        worst=farthest,
        spread=_one,
        unit="",
        distance=_distance_of_one,
        calibrate=calibrate,
        calibration_error=calibration_error,
        figures=describe_probability,
        estimate=estimate_loss,
        agree=agree_probability,
        expected=lambda outcomes, _: outcomes,
        inverted=estimate_inverted,
        inverted_high=estimate_inverted_high,
    )


def _quantity(_: ModelSpec) -> Kind:
    return Kind(
        predict=lambda pipeline, rows: pipeline.predict(rows),
        encode=_as_numbers,
        decode=_unchanged,
        losses={"squared": squared, "absolute": absolute},
        constant=_mean,
        worst=farthest,
        spread=_deviation,
        unit=STANDARD_DEVIATIONS,
        distance=_distance_of_one,
        calibrate=calibrate,
        calibration_error=lambda outcomes, predictions: (
            calibration_error(outcomes, predictions) / _deviation(outcomes)
        ),
        figures=describe_quantity,
        agree=agree_quantity,
        expected=lambda outcomes, _: outcomes,
    )


def _class(model: ModelSpec) -> Kind:
    classes = model.classes
    return Kind(
        predict=partial(_predict_classes, classes),
        encode=partial(_encode_classes, model),
        decode=lambda outcomes: np.asarray(classes)[outcomes.astype(np.int64)],
        losses={"log_loss": logarithmic_of_classes, "brier": brier_of_classes},
        constant=partial(_shares, len(classes)),
        worst=partial(_wrong_class, len(classes)),
        spread=_one,
        unit="",
        distance=_total_variation,
        calibrate=partial(calibrate_classes, classes),
        calibration_error=class_error,
        figures=describe_class,
        estimate=estimate_loss,
        agree=agree_classes,
        expected=lambda outcomes, score: (outcomes == score).astype(np.float64),
    )


def _quantiles(model: ModelSpec) -> Kind:
    levels = model.quantiles
    return Kind(
        predict=_predict_quantiles,
        encode=_as_numbers,
        decode=_unchanged,
        losses={"pinball": partial(pinball, levels)},
        constant=lambda outcomes: np.quantile(outcomes, levels),
        worst=lambda outcomes: np.repeat(farthest(outcomes)[:, None], len(levels), axis=1),
        spread=_deviation,
        unit=STANDARD_DEVIATIONS,
        distance=_distance_of_quantiles,
        calibrate=partial(cover, levels),
        calibration_error=partial(coverage_error, levels),
        figures=partial(describe_quantiles, levels),
    )


_KINDS: Mapping[KindName, Callable[[ModelSpec], Kind]] = {
    "probability": _probability,
    "quantity": _quantity,
    "class": _class,
    "quantiles": _quantiles,
}


def estimate_loss(loss: Loss, predictions: Predictions) -> float:
    """Return the mean loss that probabilities imply if they are calibrated.

    Confidence-based performance estimation: the expectation of each row's loss over the outcomes with the predicted
    probabilities (Guillory et al., "Predicting with confidence on unseen distributions", ICCV 2021).
    """
    chances = predictions if predictions.ndim > 1 else np.stack([1 - predictions, predictions], axis=1)
    losses = [loss(np.full(len(chances), float(n)), predictions) for n in range(chances.shape[1])]
    return float(np.mean(np.sum(chances * np.stack(losses, axis=1), axis=1)))


def _predict_classes(classes: Sequence[str], pipeline: Pipeline, rows: pd.DataFrame) -> Predictions:
    """Return a column per declared class; a class that the fit never saw has the probability 0."""
    found = np.asarray(pipeline.predict_proba(rows), dtype=np.float64)
    fitted = [str(name) for name in pipeline.classes_]
    if unknown := [name for name in fitted if name not in classes]:
        raise ValueError(f"it was fitted with the class {unknown[0]!r}, which `classes` does not declare")
    predictions = np.zeros((len(rows), len(classes)))
    predictions[:, [classes.index(name) for name in fitted]] = found
    totals = predictions.sum(axis=1)
    wrong = np.isfinite(totals) & (np.abs(totals - 1) > _TOLERANCE)
    if wrong.any():
        raise ValueError(f"the probabilities of a row add up to {totals[wrong][0]:.4g} instead of 1")
    return predictions


def _predict_quantiles(pipeline: Pipeline, rows: pd.DataFrame) -> Predictions:
    """Return a column per quantile, sorted within each row.

    Quantiles that are fitted separately may cross. Sorting them never moves them further from the true ones
    (Chernozhukov, Fernández-Val & Galichon, "Quantile and probability curves without crossing", Econometrica 78, 2010).
    """
    predictions: Predictions = np.sort(np.asarray(pipeline.transform(rows), dtype=np.float64), axis=1)
    return predictions


def _as_numbers(labels: pd.Series) -> Outcomes:
    outcomes: Outcomes = labels.to_numpy(np.float64)
    return outcomes


def _unchanged(outcomes: Outcomes) -> Outcomes:
    return outcomes


def _encode_classes(model: ModelSpec, labels: pd.Series) -> Outcomes:
    codes = pd.Categorical(labels, categories=list(model.classes)).codes
    if (codes < 0).any():
        unknown = labels[codes < 0].iloc[0]
        raise LabelError(
            f"{model.name}: the label {unknown!r} is not declared: add it to `classes` in the spec, or correct "
            "`build_labels` and build these days again"
        )
    return codes.astype(np.float64)


def farthest(outcomes: Outcomes) -> Predictions:
    """Return, for each outcome, the farther one of the lowest and the highest outcome."""
    low, high = float(outcomes.min()), float(outcomes.max())
    worst: Predictions = np.where(outcomes - low > high - outcomes, low, high)
    return worst


def _wrong_class(classes: int, outcomes: Outcomes) -> Predictions:
    return np.eye(classes)[(outcomes.astype(np.int64) + 1) % classes]


def _mean(outcomes: Outcomes) -> float:
    return float(outcomes.mean())


def _shares(classes: int, outcomes: Outcomes) -> Predictions:
    shares: Predictions = np.bincount(outcomes.astype(np.int64), minlength=classes) / len(outcomes)
    return shares


def _one(_: Outcomes) -> float:
    return 1.0


def _deviation(outcomes: Outcomes) -> float:
    return float(outcomes.std()) or 1.0


def _distance_of_one(apart: Predictions) -> Distance:
    return Distance(float(np.abs(apart).mean()), float(apart.mean()))


def _total_variation(apart: Predictions) -> Distance:
    """Return the total variation distance between two distributions, which is |difference| if there are two classes.

    It has no sign, so `signed` is that between the mean distributions.
    """
    return Distance(float(np.abs(apart).sum(axis=1).mean()) / 2, float(np.abs(apart.mean(axis=0)).sum()) / 2)


def _distance_of_quantiles(apart: Predictions) -> Distance:
    """Return the mean over quantiles, and the mean difference of the quantile that moved most."""
    moved = apart.mean(axis=0)
    return Distance(float(np.abs(apart).mean()), float(moved[np.abs(moved).argmax()]))
