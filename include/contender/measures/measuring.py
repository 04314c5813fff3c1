"""Choose a model's loss, and measure predictions against outcomes."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contender.measures.kinds import kind_of
from contender.measures.losses import Loss, Outcomes, Predictions
from contender.records import Measures
from contender.specs import ModelSpec, load_module


class LossError(ValueError):
    """A model's cost function does not return one finite number per row; the message says what it returned."""


class LabelSummary(TypedDict):
    """The labels of some rows: their mean, or the share of each class."""

    mean_label: float | None
    label_shares: dict[str, float]


def choose_loss(model: ModelSpec, home: Path) -> Loss:
    """Return the loss function of a model; `cost` is `compute_costs` of `cost.py` in the model's folder.

    The result of a cost function is checked at each call: it raises LossError unless it is a finite number per row.
    """
    kind = kind_of(model)
    if model.loss != "cost":
        return kind.losses[model.loss]
    compute_costs = load_module(home / "cost.py").compute_costs

    def cost(outcomes: Outcomes, predictions: Predictions) -> NDArray[np.float64]:
        found = np.asarray(compute_costs(kind.decode(outcomes), predictions), dtype=np.float64)
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

    A kind of prediction has only some of the measures. The calibration error of quantities is in standard deviations of
    the outcomes.
    """
    kind = kind_of(model)
    return Measures(
        rows=len(outcomes),
        loss=mean_loss(loss, outcomes, predictions),
        calibration_error=kind.calibration_error(outcomes, predictions),
        **kind.figures(outcomes, predictions),
    )


def summarise_labels(model: ModelSpec, labels: pd.Series) -> LabelSummary:
    """Return the mean of labels, or the share of each declared class."""
    if not model.classes:
        return {"mean_label": float(labels.mean()), "label_shares": {}}
    shares = labels.value_counts(normalize=True)
    return {
        "mean_label": None,
        "label_shares": {name: float(shares.get(name, 0.0)) for name in model.classes},
    }
