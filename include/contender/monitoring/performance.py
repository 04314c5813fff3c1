"""Measure the served predictions of a day, once its outcomes are known."""

from __future__ import annotations

from datetime import date

import numpy as np

from contender.installation import Installation
from contender.measures import choose_loss, measure
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


def measure_performance(installation: Installation, model: ModelSpec, day: date) -> Performance:
    """Measure the predictions served for `day` on the rows whose outcome is known."""
    lake, days = installation.lake, Days.one(day)
    served = lake.read(model.prediction_contract, days).to_pandas()
    labels = lake.read(model.label_contract, days).to_pandas()
    known = served.merge(labels, on=list(model.row_key), how="inner", validate="one_to_one")
    version = int(served["model_version"].iloc[0]) if len(served) else None
    measures = None
    if len(known):
        loss = choose_loss(model, installation.catalog.model_home(model.name))
        outcomes, scores = (known[name].to_numpy(np.float64) for name in ("label", "score"))
        measures = measure(model, loss, outcomes, scores)
    return Performance(
        day=day,
        version=version,
        scored_rows=len(served),
        measures=measures,
        expected_loss=_expected_loss(model, version, installation.book),
    )


def _expected_loss(model: ModelSpec, version: int | None, book: Book) -> float | None:
    """Return the loss in the version's evaluation."""
    evaluation = None if version is None else book.evaluations.of_version(model.name, version)
    return None if evaluation is None else evaluation.challenger_measures.loss
