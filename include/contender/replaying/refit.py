"""Fit a version again from its pinned snapshots, and evaluate it again on the same days."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from contender.evaluating import Contestants, EvaluationError, Pipelines, judge_pipelines, read_criteria
from contender.installation import Installation
from contender.lake import Lake, lost_pins, read_examples, read_sample
from contender.measures import LossError, Predictions, summarise_labels, try_predict
from contender.records import Evaluation, Pin, TrainedVersion
from contender.registry import Registry
from contender.replaying.compare import JUDGED, Part, compare, compare_predictions
from contender.replaying.find import InForce, ReplayError
from contender.replaying.sources import Sources
from contender.specs import BehaviourError, Days, ModelSpec, Recipe
from contender.training import Fitted, fit_recipe, load_functions

Report = Callable[[str], None]


def refit(
    installation: Installation, force: InForce, source: Sources, evaluation: Evaluation, report: Report
) -> tuple[tuple[Part, ...], Evaluation]:
    """Return the compared parts of data and predictions, and the evaluation with its measures computed again.

    Raises ReplayError if the rows can no longer be read or fitted.
    """
    model, version, pins = force.model, evaluation.challenger, force.pins
    report(f"reading {version.trained_on.key} and {evaluation.judged_on.key} from the pinned snapshots")
    rows = _read(installation.lake, model, version.trained_on, pins, source.recipe)
    judged = _read(installation.lake, model, evaluation.judged_on, pins)
    report(f"fitting {source.recipe.name} again on {len(rows):,} rows")
    fitted = _fit(model, source, version, rows)
    report(f"evaluating again on {len(judged):,} rows")
    again = _judge(installation.registry, model, source, evaluation, (fitted, judged))
    stored = Fitted(
        installation.registry.load(model.name, version.version),
        installation.registry.load_baseline(model.name, version.version),
    )
    return (
        compare("training data", _described(version), _counted(model, rows), f"{len(rows):,} rows"),
        *_compare_fits(model, version, judged, stored, fitted),
    ), evaluation.model_copy(update={field: getattr(again, field) for field in JUDGED})


def _judge(
    registry: Registry,
    model: ModelSpec,
    source: Sources,
    evaluation: Evaluation,
    again: tuple[Fitted, pd.DataFrame],
) -> Evaluation:
    version, (fitted, rows) = evaluation.challenger, again
    measured = evaluation.champion_measures is not None or evaluation.champion_failure is not None
    champion = evaluation.champion if measured else None
    pipelines = Pipelines(
        challenger=fitted.estimator,
        champion=None if champion is None else registry.load(model.name, champion.version),
        baseline=fitted.baseline,
    )
    contestants = Contestants(model, version, evaluation.champion)
    try:
        return judge_pipelines(contestants, read_criteria(model, source.criteria), rows, pipelines)
    except (BehaviourError, LossError, EvaluationError) as error:
        raise ReplayError(f"version {version.version} cannot be evaluated again: {error}") from None


def _compare_fits(
    model: ModelSpec, version: TrainedVersion, rows: pd.DataFrame, was: Fitted, now: Fitted
) -> tuple[Part, Part]:
    def predictions(fitted: Fitted) -> tuple[Predictions, Predictions]:
        return (
            try_predict(model, fitted.estimator, rows, version.features)[0],
            try_predict(model, fitted.baseline, rows, model.baseline_features)[0],
        )

    (recorded, recorded_baseline), (replayed, baseline) = predictions(was), predictions(now)
    return (
        compare_predictions("predictions", recorded, replayed),
        compare_predictions("predictions of the baseline", recorded_baseline, baseline),
    )


def check_pins(lake: Lake, version: TrainedVersion, pins: tuple[Pin, ...]) -> None:
    """Raise ReplayError if a snapshot that a version was trained on has expired."""
    lost = [f"{pin.snapshot} of {pin.table}" for pin in lost_pins(lake, pins)]
    if lost:
        raise ReplayError(
            f"snapshot {', '.join(lost)} has expired: the training rows of version {version.version} "
            "can no longer be read"
        )


def _read(
    lake: Lake, model: ModelSpec, days: Days, pins: tuple[Pin, ...], trained: Recipe | None = None
) -> pd.DataFrame:
    """Return the rows of these days that versions are measured on, or those that a recipe is trained on."""
    try:
        if trained is None:
            rows = read_examples(lake, model, days, pins, measured=True)
        else:
            rows = read_sample(lake, model, days, pins, trained).rows
    except OSError as error:
        raise ReplayError(
            f"rows of {days.key} cannot be read from the lake ({error}): if the file is missing, check "
            "`contender audit` for an erasure"
        ) from None
    if rows.empty:
        raise ReplayError(f"the pinned snapshots have no labelled rows of {days.key}")
    return rows


def _fit(model: ModelSpec, source: Sources, version: TrainedVersion, rows: pd.DataFrame) -> Fitted:
    recipe, home = source.recipe, source.home
    try:
        return fit_recipe(model, recipe, load_functions(home, recipe), version.trained_on, rows)
    except Exception as error:  # the sources are the user's, and may be old
        raise ReplayError(
            f"recipe {recipe.name!r} cannot be fitted from its sources in {home.parent.name}/{home.name}: "
            f"{type(error).__name__}: {error}"
        ) from error


def _described(version: TrainedVersion) -> dict[str, object]:
    return version.model_dump(include={"rows", "days_with_rows", "mean_label", "label_shares"})


def _counted(model: ModelSpec, rows: pd.DataFrame) -> dict[str, object]:
    return {
        "rows": len(rows),
        "days_with_rows": int(rows["day"].nunique()),
        **summarise_labels(model, rows["label"]),
    }
