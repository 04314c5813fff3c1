"""Measure the served predictions of a day, once its outcomes are known."""

from __future__ import annotations

from datetime import date

import numpy as np

from contender.installation import Installation
from contender.measures import Loss, Predictions, choose_loss, measure
from contender.records import Book, Measures
from contender.specs import Days, ModelSpec
from contender.specs.frozen import Frozen


class Performance(Frozen):
    """A scored day's measures; `measures` is None if nothing was scored or no outcome is known."""

    day: date
    version: int | None
    scored_rows: int
    measures: Measures | None
    expected_loss: float | None
    estimated_loss: float | None = None
    bias: float | None = None

    @property
    def excess_loss(self) -> float | None:
        """The loss above its estimate, or above the expected loss if there is no estimate."""
        usual = self.expected_loss if self.estimated_loss is None else self.estimated_loss
        return None if self.measures is None or usual is None else self.measures.loss - usual


def measure_performance(installation: Installation, model: ModelSpec, night: date) -> Performance:
    """Measure the predictions of the day whose labels became known in a night, on the rows with an outcome."""
    lake, days = installation.lake, model.matured_days(Days.one(night))
    day = days.last
    served = lake.read(model.prediction_contract, days).to_pandas()
    labels = lake.read(model.label_contract, days).to_pandas()
    known = served.merge(labels, on=list(model.row_key), how="inner", validate="one_to_one")
    version = int(served["model_version"].iloc[0]) if len(served) else None
    found = Performance(
        day=day,
        version=version,
        scored_rows=len(served),
        measures=None,
        expected_loss=_expected_loss(model, version, installation.book),
    )
    if known.empty:
        return found
    loss = choose_loss(model, installation.catalog.model_home(model.name))
    outcomes, scores = (known[name].to_numpy(np.float64) for name in ("label", "score"))
    estimable = model.predicts == "probability" and model.loss != "cost"
    return found.model_copy(
        update={
            "measures": measure(model, loss, outcomes, scores),
            "estimated_loss": estimate_loss(loss, scores) if estimable else None,
            "bias": float(outcomes.mean() - scores.mean()),
        }
    )


def estimate_loss(loss: Loss, scores: Predictions) -> float:
    """Return the mean loss that probabilities imply if they are calibrated.

    Confidence-based performance estimation: the expectation of each row's loss over an outcome with the predicted
    probability (Guillory et al., "Predicting with confidence on unseen distributions", ICCV 2021).
    """
    of_ones, of_zeros = loss(np.ones_like(scores), scores), loss(np.zeros_like(scores), scores)
    return float(np.mean(scores * of_ones + (1 - scores) * of_zeros))


def _expected_loss(model: ModelSpec, version: int | None, book: Book) -> float | None:
    """Return the loss in the version's evaluation."""
    evaluation = None if version is None else book.evaluations.of_version(model.name, version)
    return None if evaluation is None else evaluation.challenger_measures.loss
