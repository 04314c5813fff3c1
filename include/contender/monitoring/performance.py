"""Measure the served predictions of a day, once its outcomes are known."""

from __future__ import annotations

from datetime import date

import pandas as pd

from contender.installation import Installation
from contender.lake import read_measured
from contender.measures import Loss, choose_loss, encode_effects, kind_of, measure, read_scores
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
    inverted: float | None = None
    inverted_high: float | None = None

    @property
    def excess_loss(self) -> float | None:
        """The loss above its estimate, or above the expected loss if there is no estimate."""
        usual = self.expected_loss if self.estimated_loss is None else self.estimated_loss
        return None if self.measures is None or usual is None else self.measures.loss - usual


def measure_performance(installation: Installation, model: ModelSpec, night: date) -> Performance:
    """Measure the predictions of the day whose labels became known in a night, on the rows with an outcome."""
    lake, days, key = installation.lake, model.matured_days(Days.one(night)), list(model.row_key)
    day = days.last
    served, labels = (
        read_measured(lake, model, contract, days).to_pandas()
        for contract in (model.prediction_contract, model.label_contract)
    )
    known = served.merge(labels, on=key, how="inner", validate="one_to_one")
    if effects := model.monitoring.day_effects:
        wanted = list(dict.fromkeys((*key, *effects)))
        features = read_measured(lake, model, model.feature_contract, days).select(wanted).to_pandas()
        known = known.merge(features, on=key, how="left", validate="one_to_one")
    version = int(served["model_version"].iloc[0]) if len(served) else None
    found = Performance(
        day=day,
        version=version,
        scored_rows=sum(file.rows for file in lake.day_files(model.prediction_contract.table, days).values()),
        measures=None,
        expected_loss=_expected_loss(model, version, installation.book),
    )
    if known.empty:
        return found
    loss = choose_loss(model, installation.catalog.model_home(model.name))
    return add_outcomes(found, model, loss, known)


def add_outcomes(found: Performance, model: ModelSpec, loss: Loss, known: pd.DataFrame) -> Performance:
    """Return the performance with the figures of the rows that have outcomes, which have labels, scores and effects."""
    kind = kind_of(model)
    outcomes, scores = kind.encode(known["label"]), read_scores(model, known)
    effects = encode_effects(known, model.monitoring.day_effects)
    return found.model_copy(
        update={
            "measures": measure(model, loss, outcomes, scores),
            "estimated_loss": None if kind.estimate is None else kind.estimate(loss, scores),
            "inverted": None if kind.inverted is None else kind.inverted(outcomes, scores, effects),
            "inverted_high": None
            if kind.inverted_high is None
            else kind.inverted_high(outcomes, scores, effects),
        }
    )


def _expected_loss(model: ModelSpec, version: int | None, book: Book) -> float | None:
    """Return the loss in the version's evaluation; None for a strategy, which was fitted on the evaluated days."""
    evaluation = None if version is None else book.evaluations.of_version(model.name, version)
    return (
        None if evaluation is None or evaluation.challenger.strategy else evaluation.challenger_measures.loss
    )
