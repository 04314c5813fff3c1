"""Fits a version again from its pinned snapshots, and judges it again on the days it was judged on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from contender.evaluating import Predicted, examine, judge
from contender.lake import Lake, lost_pins, read_examples
from contender.measures import LossError, choose_loss
from contender.records import Evaluation, Pin, TrainedVersion
from contender.registry import Registry, predict
from contender.replaying.compare import JUDGED, Part, compare, compare_predictions
from contender.replaying.find import ReplayError
from contender.specs import BehaviourError, Days, ModelSpec, Recipe, load_behaviour
from contender.training import Fitted, fit_recipe, load_functions

Tell = Callable[[str], None]


def refit(
    model: ModelSpec,
    recipe: Recipe,
    home: Path,
    evaluation: Evaluation,
    pins: tuple[Pin, ...],
    lake: Lake,
    registry: Registry,
    tell: Tell,
) -> tuple[tuple[Part, ...], Evaluation]:
    """The parts of data and predictions, and the evaluation with everything judged anew; the rest as recorded.

    `home` is the folder with the recipe's sources. Raises ReplayError when rows cannot be read or fitted any more.
    """
    version, champion = evaluation.challenger, evaluation.champion
    tell(f"reading {version.trained_on.key} and {evaluation.judged_on.key} from the pinned snapshots")
    rows = _read(lake, model, version.trained_on, pins)
    judged = _read(lake, model, evaluation.judged_on, pins)
    tell(f"fitting {recipe.name} on {len(rows):,} rows again")
    fitted = _fit(model, recipe, home, version, rows)
    tell(f"judging on {len(judged):,} rows again")
    ours = predict(model, fitted.estimator, judged, version.features)
    baseline = predict(model, fitted.baseline, judged, model.baseline_features)
    stored = (
        predict(model, registry.load(model.name, version.version), judged, version.features),
        predict(model, registry.load_baseline(model.name, version.version), judged, model.baseline_features),
    )
    measured = champion is not None and evaluation.champion_measures is not None
    theirs = (
        predict(model, registry.load(model.name, champion.version), judged, champion.features)
        if champion is not None and measured
        else None
    )
    predicted = Predicted(challenger=ours, champion=theirs, baseline=baseline)
    try:
        tests = load_behaviour(home)
        seen = examine(model, tests, fitted.estimator, judged, version.features, ours)
        again = judge(model, version, champion, choose_loss(model, home), judged, predicted, seen)
    except (BehaviourError, LossError) as error:
        raise ReplayError(f"version {version.version} cannot be judged again: {error}") from None
    parts = (
        compare("training data", _described(version), _counted(rows), f"{len(rows):,} rows"),
        compare_predictions("predictions", stored[0], ours),
        compare_predictions("predictions of the baseline", stored[1], baseline),
    )
    return parts, evaluation.model_copy(update={field: getattr(again, field) for field in JUDGED})


def check_pins(lake: Lake, version: TrainedVersion, pins: tuple[Pin, ...]) -> None:
    """Raise ReplayError when a snapshot that a version was fitted on is no longer there."""
    lost = [f"{pin.snapshot} of {pin.table}" for pin in lost_pins(lake, pins)]
    if lost:
        raise ReplayError(
            f"snapshot {', '.join(lost)} has expired: the rows that version {version.version} was fitted on "
            "cannot be read again"
        )


def _read(lake: Lake, model: ModelSpec, days: Days, pins: tuple[Pin, ...]) -> pd.DataFrame:
    try:
        rows = read_examples(lake, model, days, pins)
    except OSError as error:
        raise ReplayError(
            f"rows of {days.key} are gone from the lake ({error}): were they erased? See the acts of `contender erase`"
        ) from None
    if rows.empty:
        raise ReplayError(f"the pinned snapshots hold no labelled rows of {days.key}")
    return rows


def _fit(model: ModelSpec, recipe: Recipe, home: Path, version: TrainedVersion, rows: pd.DataFrame) -> Fitted:
    try:
        return fit_recipe(model, recipe, load_functions(home, recipe), version.trained_on, rows)
    except Exception as error:  # the sources are the user's, and perhaps of another time
        raise ReplayError(
            f"recipe {recipe.name!r} cannot be fitted by its sources in {home.parent.name}/{home.name}: "
            f"{type(error).__name__}: {error}"
        ) from error


def _described(version: TrainedVersion) -> dict[str, int | float]:
    return {
        "rows": version.rows,
        "days_with_rows": version.days_with_rows,
        "mean_label": version.mean_label,
    }


def _counted(rows: pd.DataFrame) -> dict[str, int | float]:
    return {
        "rows": len(rows),
        "days_with_rows": int(rows["day"].nunique()),
        "mean_label": float(rows["label"].mean()),
    }
