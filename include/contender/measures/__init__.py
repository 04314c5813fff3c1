"""Losses and measures of predictions, shared by evaluation, sequential tests, backtest and monitoring."""

from contender.measures.agreement import Agreement
from contender.measures.calibration import CALIBRATION_BINS, calibrate, calibration_error
from contender.measures.day_effects import encode_effects
from contender.measures.kinds import Distance, Kind, LabelError, kind_of
from contender.measures.losses import Loss, Outcomes, Predictions
from contender.measures.measuring import (
    LabelSummary,
    LossError,
    choose_loss,
    mean_loss,
    measure,
    summarise_labels,
)
from contender.measures.predicting import PredictionError, predict, try_predict
from contender.measures.scores import (
    finite_rows,
    missing_predictions,
    prediction_shape,
    read_scores,
    split_scores,
)

__all__ = [
    "CALIBRATION_BINS",
    "Agreement",
    "Distance",
    "Kind",
    "LabelError",
    "LabelSummary",
    "Loss",
    "LossError",
    "Outcomes",
    "PredictionError",
    "Predictions",
    "calibrate",
    "calibration_error",
    "choose_loss",
    "encode_effects",
    "finite_rows",
    "kind_of",
    "mean_loss",
    "measure",
    "missing_predictions",
    "predict",
    "prediction_shape",
    "read_scores",
    "split_scores",
    "summarise_labels",
    "try_predict",
]
