"""Fits a model's recipe on the labelled days before those that it will be judged on."""

from __future__ import annotations

import importlib.util
import os
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

import pandas as pd

from contender.lake import Lake, pin_examples, read_examples
from contender.records import TrainedVersion, identify
from contender.registry import Registry
from contender.specs import Catalog, Days, ModelSpec
from contender.training.provenance import code_version, environment, fingerprint_recipe, requirements


class TrainingError(RuntimeError):
    """Nothing can be fitted; the message says what is missing."""


def train(catalog: Catalog, model: ModelSpec, night: date, lake: Lake, registry: Registry) -> TrainedVersion:
    """Fit the recipe for a night and register the version.

    The newest `evaluation_days` matured days are kept from the fit, and so are the days before them whose labels
    were not yet known when the first of them was scored. A fit of the same recipe on the same
    snapshots and days is found in the registry and not made again. Raises TrainingError when the days hold
    no labelled rows, or only one outcome.
    """
    recipe, home = model.recipe, catalog.model_home(model.name)
    days = training_days(model, night)
    pins = pin_examples(lake, model)
    made_from = fingerprint_recipe(model, home)
    fit = identify("fit", model.name, made_from, days.key, *pins)
    if known := registry.find(model.name, fit):
        return known.model_copy(update={"night": night})
    rows = read_examples(lake, model, days, pins)
    _check(model, days, rows)
    functions = _load(home / "estimator.py")
    estimator = functions.build_estimator(dict(recipe.parameters), recipe.seed)
    estimator.fit(rows[list(model.feature_names)], rows["label"])
    baseline = functions.build_baseline(recipe.seed)
    baseline.fit(rows[list(model.baseline_features)], rows["label"])
    trained = TrainedVersion(
        model=model.name,
        version=0,
        night=night,
        recipe=recipe.name,
        recipe_fingerprint=made_from,
        trained_on=days,
        days_with_rows=int(rows["day"].nunique()),
        rows=len(rows),
        positives=int(rows["label"].sum()),
        pins=pins,
        seed=recipe.seed,
        code_version=code_version(),
        environment=environment(),
    )
    threads = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "unset")}
    return registry.register(
        trained,
        fit,
        estimator,
        baseline,
        parameters={**recipe.parameters, **threads},
        requirements=requirements(),
    )


def training_days(model: ModelSpec, night: date) -> Days:
    """The days that a night's challenger is fitted on: the window of what was known before those it is judged on."""
    matured = night - timedelta(days=model.label_maturity_days)
    last = model.last_fitted_before(matured - timedelta(days=model.recipe.evaluation_days - 1))
    return Days(first=last - timedelta(days=model.recipe.window_days - 1), last=last)


def _check(model: ModelSpec, days: Days, rows: pd.DataFrame) -> None:
    if rows.empty:
        raise TrainingError(
            f"{model.name}: no labelled rows from {days.first} to {days.last}: "
            f"load that history first, by a run of features__{model.name} over its nights"
        )
    if rows["label"].nunique() == 1:
        raise TrainingError(
            f"{model.name}: all {len(rows)} labels from {days.first} to {days.last} are {rows['label'].iloc[0]}: "
            "there is nothing to learn from one outcome; look at the labels"
        )


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"estimator_of_{file.parent.name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
