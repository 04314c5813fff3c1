"""Evaluates a challenger: loads everything that a judgement needs, judges, and keeps the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from sklearn.pipeline import Pipeline

from contender.evaluating.examine import examine, time_predictions
from contender.evaluating.judge import (
    NOTHING_OBSERVED,
    Contestants,
    Observed,
    Predicted,
    judge,
    name_evaluation,
)
from contender.evaluating.remember import excused_days, gated_days, read_usual_change
from contender.installation import Installation
from contender.lake import read_examples
from contender.measures import Loss, Predictions, choose_loss
from contender.records import Book, Evaluation, GatedDays, HistoryChange, Measures, TrainedVersion
from contender.registry import predict
from contender.sketches import compare_sketches
from contender.specs import BehaviourTest, ModelSpec, load_behaviour


class EvaluationError(RuntimeError):
    """There is nothing to judge on; the message says what is missing."""


class Pipelines(NamedTuple):
    """What predicts; no champion when there is none, or none that can be measured."""

    challenger: Pipeline
    champion: Pipeline | None
    baseline: Pipeline


@dataclass(frozen=True)
class Criteria:
    """What a model is judged by: its loss, and the behaviour tests of its folder."""

    loss: Loss
    tests: Sequence[BehaviourTest]


def read_criteria(model: ModelSpec, home: Path) -> Criteria:
    """Load a model's loss and behaviour tests from its folder. Raises LossError and BehaviourError."""
    return Criteria(choose_loss(model, home), load_behaviour(home))


def evaluate(installation: Installation, model: ModelSpec, challenger: TrainedVersion) -> Evaluation:
    """Judge a challenger on the matured days kept from its fit, from the snapshots that it is pinned to.

    A champion whose fit used any of it (these days, or labels that came about in them) is not measured there.
    Judged once a challenger, night and champion: a second attempt returns what the first one kept, and after the
    decision, what was decided on. Raises EvaluationError when the days hold no labelled rows, and BehaviourError when a
    behaviour test cannot be run.
    """
    champion = installation.registry.champion(model.name)
    if kept := _evaluated_before(model, challenger, champion, installation.book):
        return kept
    contestants = Contestants(model, challenger, champion)
    rows = _read_rows(installation, contestants)
    pipelines = _load(installation, contestants)
    history, gates = _look_back(installation, contestants)
    criteria = read_criteria(model, installation.catalog.model_home(model.name))
    judged = judge_pipelines(contestants, criteria, rows, pipelines, Observed(history=history, gates=gates))
    usual = read_usual_change(challenger, champion, installation.book)
    return _keep(installation, model, judged.model_copy(update={"usual": usual}))


def judge_pipelines(
    contestants: Contestants,
    criteria: Criteria,
    rows: pd.DataFrame,
    pipelines: Pipelines,
    observed: Observed = NOTHING_OBSERVED,
) -> Evaluation:
    """Let pipelines predict labelled rows, examine the challenger's, and judge."""
    model, challenger, champion = contestants

    def predict_challenger(some: pd.DataFrame) -> Predictions:
        return predict(model, pipelines.challenger, some, challenger.features)

    predicted = Predicted(
        challenger=predict_challenger(rows),
        champion=predict(model, pipelines.champion, rows, champion.features)
        if champion is not None and pipelines.champion is not None
        else None,
        baseline=predict(model, pipelines.baseline, rows, model.baseline_features),
    )
    examined = examine(model, criteria.tests, predict_challenger, rows, predicted.challenger)
    timed = examined._replace(seconds_per_million_rows=time_predictions(predict_challenger, rows))
    return judge(contestants, criteria.loss, rows, predicted, observed._replace(examined=timed))


def _read_rows(installation: Installation, contestants: Contestants) -> pd.DataFrame:
    model, challenger, _ = contestants
    rows = read_examples(installation.lake, model, contestants.days, challenger.pins)
    if rows.empty:
        days = contestants.days
        raise EvaluationError(
            f"{model.name}: no labelled rows from {days.first} to {days.last} to judge version "
            f"{challenger.version} on: publish those days first"
        )
    return rows


def _load(installation: Installation, contestants: Contestants) -> Pipelines:
    registry, name = installation.registry, contestants.model.name
    champion = contestants.measurable_champion
    return Pipelines(
        challenger=registry.load(name, contestants.challenger.version),
        champion=None if champion is None else registry.load(name, champion.version),
        baseline=registry.load_baseline(name, contestants.challenger.version),
    )


def _look_back(
    installation: Installation, contestants: Contestants
) -> tuple[HistoryChange | None, GatedDays | None]:
    """Return what became of the champion's training rows, and which gates the challenger's passed."""
    model, challenger, champion = contestants
    registry, book = installation.registry, installation.book
    ours = registry.load_sketch(model.name, challenger.version)
    if ours is None:
        return None, None
    gates = gated_days(model, challenger, ours.days, book)
    theirs = None if champion is None else registry.load_sketch(model.name, champion.version)
    if champion is None or theirs is None:
        return None, gates
    excused = excused_days(installation.catalog, model, book.acts.corrections_since(theirs.at), theirs.at)
    return compare_sketches(ours, theirs, challenger, champion, excused), gates


def _evaluated_before(
    model: ModelSpec, challenger: TrainedVersion, champion: TrainedVersion | None, book: Book
) -> Evaluation | None:
    decided = book.evaluations.decided_on(model.name, challenger.night, challenger.version)
    return decided or book.evaluations.get(name_evaluation(challenger, champion))


def _keep(installation: Installation, model: ModelSpec, evaluation: Evaluation) -> Evaluation:
    contract = installation.book.documents.keep("contract", model.model_dump_json())
    installation.registry.record_metrics(evaluation.challenger, _figures(evaluation))
    return installation.book.evaluations.add(evaluation.model_copy(update={"contract": contract}))


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
