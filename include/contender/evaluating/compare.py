"""Scores the held-out days with every candidate and keeps how each did."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from contender.lake import Lake, read_examples
from contender.measures import Loss, Outcomes, Predictions, choose_loss, measure
from contender.records import Book, Evaluation, Measures, TrainedVersion, identify
from contender.registry import Registry, predict
from contender.specs import Catalog, Days, ModelSpec


class EvaluationError(RuntimeError):
    """There is nothing to judge on; the message says what is missing."""


def evaluate(
    catalog: Catalog,
    model: ModelSpec,
    challenger: TrainedVersion,
    lake: Lake,
    registry: Registry,
    book: Book,
) -> Evaluation:
    """Judge a challenger on the matured days kept from its fit, from the snapshots that it is pinned to.

    A champion whose fit knew any of it (these days, or labels that came about in them) is not measured there.
    Judged once a challenger, night and champion: a second attempt returns what the first one kept, and after the
    decision, what was decided on. Raises EvaluationError when the days hold no labelled rows.
    """
    champion = registry.champion(model.name)
    if kept := _judged_before(model, challenger, champion, book):
        return kept
    days = judged_days(model, challenger.night)
    rows = read_examples(lake, model, days, challenger.pins)
    if rows.empty:
        raise EvaluationError(
            f"{model.name}: no labelled rows from {days.first} to {days.last} to judge version "
            f"{challenger.version} on: publish those days first"
        )
    fair = champion is not None and champion.trained_on.last <= model.last_fitted_before(days.first)
    evaluation = judge(
        model,
        challenger,
        champion,
        choose_loss(model, catalog.model_home(model.name)),
        rows["label"].to_numpy(np.float64),
        Predicted(
            challenger=predict(
                model, registry.load(model.name, challenger.version), rows, challenger.features
            ),
            champion=predict(model, registry.load(model.name, champion.version), rows, champion.features)
            if champion is not None and fair
            else None,
            baseline=predict(
                model, registry.load_baseline(model.name, challenger.version), rows, model.baseline_features
            ),
        ),
    )
    registry.record_metrics(challenger, _figures(evaluation))
    return book.add_evaluation(evaluation)


class Predicted(NamedTuple):
    """Predictions for the same rows; the champion's are None when its fit knew any of them."""

    challenger: Predictions
    champion: Predictions | None
    baseline: Predictions


def judge(
    model: ModelSpec,
    challenger: TrainedVersion,
    champion: TrainedVersion | None,
    loss: Loss,
    outcomes: Outcomes,
    predicted: Predicted,
) -> Evaluation:
    """Measure what was predicted for the judged days against their outcomes, arrays of the same length."""
    theirs, ours = predicted.challenger, predicted.champion
    return Evaluation(
        id=_name_evaluation(challenger, champion),
        model=model.name,
        night=challenger.night,
        judged_on=judged_days(model, challenger.night),
        challenger=challenger,
        champion=champion,
        challenger_measures=measure(model, loss, outcomes, theirs),
        champion_measures=None if ours is None else measure(model, loss, outcomes, ours),
        baseline_measures=measure(model, loss, outcomes, predicted.baseline),
        disagreement=None if ours is None else float(np.abs(theirs - ours).mean()),
    )


def judged_days(model: ModelSpec, night: date) -> Days:
    """The newest matured days of a night, which its challenger was not fitted on."""
    last = night - timedelta(days=model.label_maturity_days)
    return Days(first=last - timedelta(days=model.evaluation_days - 1), last=last)


def _judged_before(
    model: ModelSpec, challenger: TrainedVersion, champion: TrainedVersion | None, book: Book
) -> Evaluation | None:
    decided = {decision.evaluation for decision in book.decisions(model.name, limit=1000)}
    for evaluation in book.evaluations(model.name, limit=1000):
        same = (evaluation.night, evaluation.challenger.version) == (challenger.night, challenger.version)
        if same and evaluation.id in decided:
            return evaluation
    return book.evaluation(_name_evaluation(challenger, champion))


def _name_evaluation(challenger: TrainedVersion, champion: TrainedVersion | None) -> str:
    against = None if champion is None else champion.version
    return identify("evaluation", challenger.model, challenger.night, challenger.version, against)


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
        for name, figure in measures.model_dump(exclude={"rows", "mean_label"}).items()
        if figure is not None
    }
