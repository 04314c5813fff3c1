"""Scores the held-out days with every candidate and keeps how each did."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from contender.evaluating.examine import Examined, examine
from contender.evaluating.intervals import calibrate, interval_by_day
from contender.evaluating.remember import excused_days, gated_days, read_usual_change
from contender.evaluating.slices import measure_slices
from contender.lake import Lake, read_examples
from contender.measures import Loss, Predictions, choose_loss, measure
from contender.records import (
    Book,
    Evaluation,
    GatedDays,
    HistoryChange,
    Measures,
    TrainedVersion,
    identify,
)
from contender.registry import Registry, predict
from contender.sketches import compare_sketches
from contender.specs import Catalog, Days, ModelSpec, load_behaviour


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
    decision, what was decided on. Raises EvaluationError when the days hold no labelled rows, and BehaviourError when a
    test of the model's folder cannot be put.
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
    home, pipeline = catalog.model_home(model.name), registry.load(model.name, challenger.version)
    predictions = predict(model, pipeline, rows, challenger.features)
    fair = champion is not None and is_fair(model, champion, days)
    evaluation = judge(
        model,
        challenger,
        champion,
        choose_loss(model, home),
        rows,
        Predicted(
            challenger=predictions,
            champion=predict(model, registry.load(model.name, champion.version), rows, champion.features)
            if champion is not None and fair
            else None,
            baseline=predict(
                model, registry.load_baseline(model.name, challenger.version), rows, model.baseline_features
            ),
        ),
        examine(model, load_behaviour(home), pipeline, rows, challenger.features, predictions),
        *_look_back(catalog, model, challenger, champion, registry, book),
    )
    evaluation = evaluation.model_copy(
        update={"contract": book.documents.keep("contract", model.model_dump_json())}
    )
    registry.record_metrics(challenger, _figures(evaluation))
    usual = read_usual_change(challenger, champion, book)
    return book.evaluations.add(evaluation.model_copy(update={"usual": usual}))


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
    rows: pd.DataFrame,
    predicted: Predicted,
    examined: Examined | None = None,
    history: HistoryChange | None = None,
    gates: GatedDays | None = None,
) -> Evaluation:
    """Measure what was predicted for the judged days, as many numbers as there are labelled `rows`.

    `examined` is the challenger itself; `history` tells what became of the champion's training rows, and `gates` what
    the book knows of the challenger's. A prediction that is not finite is measured as the mean outcome.
    """
    outcomes = rows["label"].to_numpy(np.float64)
    theirs, ours = _usable(predicted.challenger, outcomes), predicted.champion
    ours = None if ours is None else _usable(ours, outcomes)
    spread = 1.0 if model.predicts == "probability" else float(outcomes.std()) or 1.0
    losses = loss(outcomes, theirs)
    champion_losses = None if ours is None else loss(outcomes, ours)
    seen = examined or Examined()
    days = np.array([day.toordinal() for day in rows["day"]], dtype=np.int64)
    return Evaluation(
        id=_name_evaluation(challenger, champion),
        model=model.name,
        night=challenger.night,
        judged_on=judged_days(model, challenger.night),
        challenger=challenger,
        champion=champion,
        challenger_measures=measure(model, loss, outcomes, theirs).model_copy(
            update={"loss_interval": interval_by_day(losses, days)}
        ),
        champion_measures=None if ours is None else measure(model, loss, outcomes, ours),
        baseline_measures=measure(model, loss, outcomes, _usable(predicted.baseline, outcomes)),
        loss_difference=None if champion_losses is None else interval_by_day(losses - champion_losses, days),
        disagreement=None if ours is None else float(np.abs(theirs - ours).mean()) / spread,
        shift=None if ours is None else float((theirs - ours).mean()) / spread,
        history=history,
        gates=gates,
        unusable_predictions=int((~np.isfinite(predicted.challenger)).sum()),
        repeat_difference=seen.repeat_difference,
        calibration=calibrate(outcomes, theirs),
        slices=measure_slices(model, rows, losses, champion_losses),
        behaviour=seen.behaviour,
        seconds_per_million_rows=seen.seconds_per_million_rows,
        artifact_bytes=challenger.artifact_bytes,
    )


def judged_days(model: ModelSpec, night: date) -> Days:
    """The newest matured days of a night, which its challenger was not fitted on."""
    last = night - timedelta(days=model.label_maturity_days)
    return Days(first=last - timedelta(days=model.evaluation_days - 1), last=last)


def is_fair(model: ModelSpec, champion: TrainedVersion, judged: Days) -> bool:
    """Whether a champion can be judged on these days: its fit knew none of them, nor labels that came about in them."""
    return champion.trained_on.last <= model.last_fitted_before(judged.first)


def _usable(predictions: Predictions, outcomes: Predictions) -> Predictions:
    finite: Predictions = np.where(np.isfinite(predictions), predictions, outcomes.mean())
    return finite


def _look_back(
    catalog: Catalog,
    model: ModelSpec,
    challenger: TrainedVersion,
    champion: TrainedVersion | None,
    registry: Registry,
    book: Book,
) -> tuple[HistoryChange | None, GatedDays | None]:
    """What became of the champion's training rows, and which gates the challenger's came through."""
    ours = registry.load_sketch(model.name, challenger.version)
    if ours is None:
        return None, None
    gates = gated_days(model, challenger, ours.days, book)
    theirs = None if champion is None else registry.load_sketch(model.name, champion.version)
    if champion is None or theirs is None:
        return None, gates
    excused = excused_days(catalog, model, book.acts.corrections_since(theirs.at), theirs.at)
    return compare_sketches(ours, theirs, challenger, champion, excused), gates


def _judged_before(
    model: ModelSpec, challenger: TrainedVersion, champion: TrainedVersion | None, book: Book
) -> Evaluation | None:
    decided = book.evaluations.decided_on(model.name, challenger.night, challenger.version)
    return decided or book.evaluations.get(_name_evaluation(challenger, champion))


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
        for name, figure in measures.model_dump(exclude={"rows", "mean_label", "loss_interval"}).items()
        if figure is not None
    }
