"""Scores the held-out days with every candidate and keeps how each did."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from contender.lake import Lake, read_examples
from contender.measures import Outcomes, Probabilities, measure
from contender.records import Book, Evaluation, Measures, TrainedVersion, identify
from contender.registry import Registry
from contender.specs import Days, ModelSpec


class EvaluationError(RuntimeError):
    """There is nothing to judge on; the message says what is missing."""


def evaluate(
    model: ModelSpec, challenger: TrainedVersion, lake: Lake, registry: Registry, book: Book
) -> Evaluation:
    """Judge a challenger on the matured days kept from its fit, from the snapshots that it is pinned to.

    A champion whose fit knew any of it (these days, or labels that came about in them) is not measured there.
    Judged once a challenger and night: a second attempt returns what the first one kept. Raises EvaluationError
    when the days hold no labelled rows.
    """
    evaluation_id = identify("evaluation", model.name, challenger.night, challenger.version)
    if kept := book.evaluation(evaluation_id):
        return kept
    days = judged_days(model, challenger.night)
    rows = read_examples(lake, model, days, challenger.pins)
    if rows.empty:
        raise EvaluationError(
            f"{model.name}: no labelled rows from {days.first} to {days.last} to judge version "
            f"{challenger.version} on: publish those days first"
        )
    outcomes: Outcomes = rows["label"].to_numpy(np.int64)
    theirs = _predict(registry.load(model.name, challenger.version), rows, challenger.features)
    baseline = registry.load_baseline(model.name, challenger.version)
    champion = registry.champion(model.name)
    ours = None
    if champion is not None and champion.trained_on.last <= model.last_fitted_before(days.first):
        ours = _predict(registry.load(model.name, champion.version), rows, champion.features)
    evaluation = Evaluation(
        id=evaluation_id,
        model=model.name,
        night=challenger.night,
        judged_on=days,
        challenger=challenger,
        champion=champion,
        challenger_measures=measure(outcomes, theirs),
        champion_measures=None if ours is None else measure(outcomes, ours),
        baseline_measures=measure(outcomes, _predict(baseline, rows, model.baseline_features)),
        disagreement=None if ours is None else float(np.abs(theirs - ours).mean()),
    )
    registry.record_metrics(challenger, _figures(evaluation))
    return book.add_evaluation(evaluation)


def judged_days(model: ModelSpec, night: date) -> Days:
    """The newest matured days of a night, which its challenger was not fitted on."""
    last = night - timedelta(days=model.label_maturity_days)
    return Days(first=last - timedelta(days=model.evaluation_days - 1), last=last)


def _predict(pipeline: Pipeline, rows: pd.DataFrame, features: tuple[str, ...]) -> Probabilities:
    probabilities: Probabilities = pipeline.predict_proba(rows[list(features)])[:, 1]
    return probabilities


def _figures(evaluation: Evaluation) -> dict[str, float]:
    judged: dict[str, Measures | None] = {
        "challenger": evaluation.challenger_measures,
        "champion": evaluation.champion_measures,
        "baseline": evaluation.baseline_measures,
    }
    return {
        f"{who}_{name}": figure
        for who, measures in judged.items()
        if measures is not None
        for name, figure in measures.model_dump(
            include={"auc", "brier", "log_loss", "calibration_error"}
        ).items()
        if figure is not None
    }
