"""Fits a model's recipe on the labelled days before those that it will be judged on."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from contender.installation import Installation
from contender.lake import pin_examples, read_examples
from contender.records import Pin, TrainedVersion, identify
from contender.registry import predict, store_and_load
from contender.sketches import count_repeated, sketch_rows
from contender.specs import Catalog, Days, ModelSpec, Recipe, dag_id, load_module
from contender.training.provenance import (
    code_version,
    digest_sources,
    environment,
    fingerprint_recipe,
    requirements,
)

_PROBED_ROWS = 1000


class TrainingError(RuntimeError):
    """Nothing can be fitted; the message says what is missing."""


class Functions(NamedTuple):
    """What a model's folder holds to fit it with, as plain functions."""

    build_estimator: Callable[[dict[str, object], int], Pipeline]
    build_baseline: Callable[[int], Pipeline]


class Fitted(NamedTuple):
    """The pipeline of a version, and the baseline on the same rows."""

    estimator: Pipeline
    baseline: Pipeline


class FitInputs(NamedTuple):
    """What a recipe is fitted on."""

    model: ModelSpec
    recipe: Recipe
    night: date
    days: Days
    rows: pd.DataFrame
    pins: tuple[Pin, ...]


def train(installation: Installation, model: ModelSpec, recipe: Recipe, night: date) -> TrainedVersion:
    """Fit a recipe for a night and register the version.

    The newest `evaluation_days` matured days are kept from the fit, and so are the days before them whose labels
    were not yet known when the first of them was scored. A fit of the same recipe on the same
    snapshots and days is found in the registry and not made again. Raises TrainingError when the days hold
    no labelled rows, or only one outcome, and UnsafeModel when the pipeline cannot be stored safely.
    """
    registry, home = installation.registry, installation.catalog.model_home(model.name)
    days = training_days(model, recipe, night)
    pins = pin_examples(installation.lake, model)
    fit = identify("fit", model.name, fingerprint_recipe(model, recipe, home), days.key, *pins)
    if known := registry.find(model.name, fit):
        return known.model_copy(update={"night": night})
    rows = read_examples(installation.lake, model, days, pins)
    fitted = fit_recipe(model, recipe, load_functions(home, recipe), days, rows)
    inputs = FitInputs(model, recipe, night, days, rows, pins)
    trained = record_fit(installation.catalog, inputs, fitted, code_version(), environment())
    threads = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "unset")}
    return registry.register(
        trained,
        fit,
        fitted.estimator,
        fitted.baseline,
        parameters={**recipe.parameters, **threads},
        requirements=requirements(),
        sketch=sketch_rows(model, rows),
    )


def fit_recipe(
    model: ModelSpec, recipe: Recipe, functions: Functions, days: Days, rows: pd.DataFrame
) -> Fitted:
    """Fit a recipe, and the baseline beside it, on labelled rows of these days; the same rows make the same fit.

    Raises TrainingError when there are no rows, or nothing but one outcome in them.
    """
    _check(model, days, rows)
    estimator = functions.build_estimator(dict(recipe.parameters), recipe.seed)
    estimator.fit(rows[list(model.seen_by(recipe))], rows["label"])
    baseline = functions.build_baseline(recipe.seed)
    baseline.fit(rows[list(model.baseline_features)], rows["label"])
    return Fitted(estimator, baseline)


def record_fit(
    catalog: Catalog, inputs: FitInputs, fitted: Fitted, code: str, packages: str
) -> TrainedVersion:
    """Return what is known of a fit before it has a number: its rows, and whether it survives being stored.

    Raises UnsafeModel when the pipeline holds types that could run code when it is loaded.
    """
    model, recipe, night, days, rows, pins = inputs
    home = catalog.model_home(model.name)
    size, reload_difference = _store_and_compare(inputs, fitted)
    return TrainedVersion(
        model=model.name,
        version=0,
        night=night,
        recipe=recipe.name,
        recipe_fingerprint=fingerprint_recipe(model, recipe, home),
        features=model.seen_by(recipe),
        trained_on=days,
        days_with_rows=int(rows["day"].nunique()),
        rows=len(rows),
        mean_label=float(rows["label"].mean()),
        missing_days=count_missing(catalog, model, days, set(rows["day"])),
        repeated_rows=count_repeated(model, rows),
        pins=pins,
        seed=recipe.seed,
        code_version=code,
        environment=packages,
        artifact_bytes=size,
        sources=digest_sources(home),
        reload_difference=reload_difference,
    )


def _store_and_compare(inputs: FitInputs, fitted: Fitted) -> tuple[int, float]:
    """Return the bytes of the stored pipeline, and how far its predictions differ once it is loaded again."""
    model, recipe, rows = inputs.model, inputs.recipe, inputs.rows
    features = model.seen_by(recipe)
    some = rows.iloc[np.linspace(0, len(rows) - 1, min(len(rows), _PROBED_ROWS)).astype(int)]
    loaded, size = store_and_load(model.name, recipe.name, fitted.estimator)
    gap = predict(model, loaded, some, features) - predict(model, fitted.estimator, some, features)
    return size, float(np.abs(np.nan_to_num(gap)).max())


def count_missing(catalog: Catalog, model: ModelSpec, days: Days, held: Collection[date]) -> int:
    """How many of the days have no rows, from the first one with rows on, that no input declares closed."""
    missing = {day for day in days.each() if day >= min(held) and day not in held}
    if missing:
        missing -= {day for source in catalog.sources(model) for day in source.contract.closed}
    return len(missing)


def training_days(model: ModelSpec, recipe: Recipe, night: date) -> Days:
    """The days that a night's challenger is fitted on: the window of what was known before those it is judged on."""
    matured = night - timedelta(days=model.label_maturity_days)
    last = model.last_fitted_before(matured - timedelta(days=model.evaluation_days - 1))
    return Days(first=last - timedelta(days=recipe.window_days - 1), last=last)


def _check(model: ModelSpec, days: Days, rows: pd.DataFrame) -> None:
    if rows.empty:
        raise TrainingError(
            f"{model.name}: no labelled rows from {days.first} to {days.last}: "
            f"load that history first, by a run of {dag_id('features', model.name)} over its nights"
        )
    if rows["label"].nunique() == 1:
        raise TrainingError(
            f"{model.name}: all {len(rows)} labels from {days.first} to {days.last} are {rows['label'].iloc[0]}: "
            "there is nothing to learn from one outcome; look at the labels"
        )


def load_functions(home: Path, recipe: Recipe) -> Functions:
    """Load a recipe's estimator and the model's baseline from the model's folder."""
    estimator, baseline = load_module(home / f"{recipe.estimator}.py"), load_module(home / "baseline.py")
    return Functions(estimator.build_estimator, baseline.build_baseline)
