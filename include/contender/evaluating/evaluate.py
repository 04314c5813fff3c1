"""Evaluate a challenger: load pipelines and rows, measure, and store the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from sklearn.pipeline import Pipeline

from contender.errors import PermanentError
from contender.evaluating.criteria import Criteria, fingerprint_criteria, read_criteria
from contender.evaluating.examine import Examined, examine, time_predictions
from contender.evaluating.judge import (
    NOTHING_OBSERVED,
    Contestants,
    Observed,
    Predicted,
    judge,
    name_evaluation,
)
from contender.evaluating.outcomes import read_outcome_change
from contender.evaluating.remember import excused_days, gated_days, read_usual_change
from contender.installation import Installation
from contender.lake import read_examples
from contender.measures import PredictionError, Predictions, predict, try_predict
from contender.records import Book, Evaluation, GatedDays, HistoryChange, Measures, TrainedVersion
from contender.sketches import compare_sketches
from contender.specs import BehaviourTest, ModelSpec


class EvaluationError(PermanentError):
    """There are no rows to evaluate on; the message says what is missing."""


class Pipelines(NamedTuple):
    """The fitted pipelines; `champion` is None if there is none, or if it cannot be measured on these days."""

    challenger: Pipeline
    champion: Pipeline | None
    baseline: Pipeline


def evaluate(installation: Installation, model: ModelSpec, challenger: TrainedVersion) -> Evaluation:
    """Evaluate a challenger on the newest labelled days before its night, from its pinned snapshots.

    A champion that was trained on any of these days, or on labels that became known in them, is not measured. There is
    one evaluation per challenger, night, champion and criteria: a retry returns the stored one, and after the decision
    the one that was used; with a corrected test or contract, the version is evaluated again. Raises EvaluationError if
    the days have no labelled rows, and BehaviourError if a behaviour test cannot be run.
    """
    champion = installation.registry.champion(model.name)
    contestants = Contestants(model, challenger, champion)
    home = installation.catalog.model_home(model.name)
    if stored := _find_evaluation(contestants, fingerprint_criteria(model, home), installation.book):
        return stored
    rows = _read_rows(installation, contestants)
    pipelines = _load(installation, contestants)
    history, gates = _compare_training_rows(installation, contestants)
    criteria = read_criteria(model, home)
    judged = judge_pipelines(contestants, criteria, rows, pipelines, Observed(history=history, gates=gates))
    remembered = {
        "usual": read_usual_change(challenger, champion, installation.book),
        "outcomes": read_outcome_change(installation, model, challenger.night),
    }
    return _store(installation, model, judged.model_copy(update=remembered))


def judge_pipelines(
    contestants: Contestants,
    criteria: Criteria,
    rows: pd.DataFrame,
    pipelines: Pipelines,
    observed: Observed = NOTHING_OBSERVED,
) -> Evaluation:
    """Predict labelled rows with each pipeline, examine the challenger's, and measure.

    A challenger that cannot predict the rows is not examined, and a champion that cannot is not measured: the
    evaluation says why. Raises EvaluationError if the baseline cannot.
    """
    predicted = _predict_all(contestants, pipelines, rows)
    if predicted.failure is None:
        observed = observed._replace(
            examined=_examine(contestants, criteria.tests, rows, pipelines.challenger, predicted.challenger)
        )
    return judge(contestants, criteria, rows, predicted, observed)


def _predict_all(contestants: Contestants, pipelines: Pipelines, rows: pd.DataFrame) -> Predicted:
    model, challenger, champion = contestants
    try:
        baseline = predict(model, pipelines.baseline, rows, model.baseline_features)
    except PredictionError as error:
        raise EvaluationError(
            f"{model.name}: the baseline of version {challenger.version} cannot predict the rows from "
            f"{contestants.days.first} to {contestants.days.last}: {error}: correct its features, "
            f"{', '.join(model.baseline_features)}"
        ) from error
    ours, failure = try_predict(model, pipelines.challenger, rows, challenger.features)
    if champion is None or pipelines.champion is None:
        return Predicted(ours, None, baseline, failure)
    theirs, champion_failure = try_predict(model, pipelines.champion, rows, champion.features)
    return Predicted(ours, theirs if champion_failure is None else None, baseline, failure, champion_failure)


def _examine(
    contestants: Contestants,
    tests: Sequence[BehaviourTest],
    rows: pd.DataFrame,
    pipeline: Pipeline,
    predictions: Predictions,
) -> Examined:
    model, challenger, _ = contestants

    def predict_challenger(some: pd.DataFrame) -> Predictions:
        return predict(model, pipeline, some, challenger.features)

    examined = examine(model, tests, predict_challenger, rows, predictions)
    return examined._replace(seconds_per_million_rows=time_predictions(predict_challenger, rows))


def _read_rows(installation: Installation, contestants: Contestants) -> pd.DataFrame:
    model, challenger, _ = contestants
    rows = read_examples(installation.lake, model, contestants.days, challenger.pins, measured=True)
    if rows.empty:
        days = contestants.days
        raise EvaluationError(
            f"{model.name}: there are no labelled rows from {days.first} to {days.last} to evaluate version "
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


def _compare_training_rows(
    installation: Installation, contestants: Contestants
) -> tuple[HistoryChange | None, GatedDays | None]:
    """Compare the challenger's training rows with the champion's, and read the gate verdicts of their days."""
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


def _find_evaluation(contestants: Contestants, criteria: str, book: Book) -> Evaluation | None:
    """Return the stored evaluation, unless it was made with other criteria.

    That of a version that serves now is not repeated: it would be compared with itself. Older evaluations did not
    record their criteria.
    """
    model, challenger, champion = contestants
    decided = book.evaluations.decided_on(model.name, challenger.night, challenger.version)
    serves = champion is not None and champion.version == challenger.version
    if decided is not None and (serves or decided.criteria in (None, criteria)):
        return decided
    return book.evaluations.get(name_evaluation(challenger, champion, criteria))


def _store(installation: Installation, model: ModelSpec, evaluation: Evaluation) -> Evaluation:
    contract = installation.book.documents.keep("contract", model.model_dump_json())
    installation.registry.record_metrics(evaluation.challenger, _to_metrics(evaluation))
    return installation.book.evaluations.add(evaluation.model_copy(update={"contract": contract}))


def _to_metrics(evaluation: Evaluation) -> dict[str, float]:
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
