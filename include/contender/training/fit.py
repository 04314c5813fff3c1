"""Fit a recipe on the labelled days before those that the version is evaluated on."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from contender.errors import PermanentError
from contender.installation import Installation
from contender.lake import Sample, pin_examples, read_sample
from contender.measures import LabelError, kind_of, predict, summarise_labels
from contender.records import Pin, TrainedVersion, identify
from contender.safe_storage import UnsafeModel, load_pipeline, store_pipeline
from contender.sketches import count_repeated, sketch_rows
from contender.specs import Catalog, Days, ModelSpec, Recipe, dag_id
from contender.training.pipelines import Functions, build_baseline, build_pipeline, load_functions
from contender.training.provenance import (
    code_version,
    digest_sources,
    environment,
    fingerprint_recipe,
    requirements,
)
from contender.training.weights import WeightError, name_parameter, read_weights

_PROBED_ROWS = 1000


class TrainingError(PermanentError):
    """No version can be fitted; the message says what is missing."""


class TooFewRows(TrainingError):  # noqa: N818 - it is a state, not a mistake
    """A strategy for a break has too few training rows: it does not compete that night."""


class Fitted(NamedTuple):
    """The fitted pipeline of a version, and the baseline fitted on the same rows."""

    estimator: Pipeline
    baseline: Pipeline


class FitInputs(NamedTuple):
    """The inputs of a fit."""

    model: ModelSpec
    recipe: Recipe
    night: date
    days: Days
    sample: Sample
    pins: tuple[Pin, ...]


def train(installation: Installation, model: ModelSpec, recipe: Recipe, night: date) -> TrainedVersion:
    """Fit a recipe for a night and register the version.

    The newest `evaluation_days` days with known labels are left out of the fit, and so are the days before them whose
    labels were not known when the first of them was scored. If the registry has a fit of the same recipe on the same
    snapshots and days, it is returned. Raises TrainingError if the days have no labelled rows or only one outcome,
    and UnsafeModel if the pipeline cannot be stored safely.
    """
    registry, home = installation.registry, installation.catalog.model_home(model.name)
    days = training_days(model, recipe, night)
    pins = pin_examples(installation.lake, model)
    fit = identify("fit", model.name, fingerprint_recipe(model, recipe, home), days.key, *pins)
    if known := registry.find(model.name, fit):
        return known.model_copy(update={"night": night})
    sample = read_sample(installation.lake, model, days, pins, recipe)
    fitted = fit_recipe(model, recipe, load_functions(home, recipe), days, sample.rows)
    inputs = FitInputs(model, recipe, night, days, sample, pins)
    trained = record_fit(installation.catalog, inputs, fitted, code_version(), environment())
    threads = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "unset")}
    return registry.register(
        trained,
        fit,
        fitted.estimator,
        fitted.baseline,
        parameters={**recipe.parameters, **threads},
        requirements=requirements(),
        sketch=sketch_rows(model, sample.rows),
    )


def fit_recipe(
    model: ModelSpec, recipe: Recipe, functions: Functions, days: Days, rows: pd.DataFrame
) -> Fitted:
    """Fit a recipe and the baseline on labelled rows of these days; deterministic.

    The recipe's weights apply to its own fit: the baseline is the same for all recipes. Raises TrainingError if there
    are no rows, if they have only one outcome or an unusable weight, or if building or fitting raises an exception, and
    UnsafeModel if the estimator contains types that could run code when it is loaded.
    """
    _check(model, recipe, days, rows)
    with _explain_failure(model, f"recipe {recipe.name!r}", model.seen_by(recipe), days, rows):
        estimator = build_pipeline(model, recipe, functions)
        store_pipeline(estimator, model.name, recipe.name)  # rejected before a fit that may take hours
        weights = _weigh(model, recipe, estimator, rows)
        estimator.fit(rows[list(model.seen_by(recipe))], rows["label"], **weights)
    with _explain_failure(model, "the baseline", model.baseline_features, days, rows):
        baseline = build_baseline(model, recipe, functions)
        baseline.fit(rows[list(model.baseline_features)], rows["label"])
    return Fitted(estimator, baseline)


def _weigh(
    model: ModelSpec, recipe: Recipe, estimator: Pipeline, rows: pd.DataFrame
) -> dict[str, NDArray[np.float64]]:
    """Return the argument of `fit` with the weights of the rows; empty for a recipe without weights."""
    weights = read_weights(model, recipe, rows)
    if weights is None:
        return {}
    name = name_parameter(estimator)
    if name is None:
        raise WeightError(_refuse_weights(recipe))
    return {name: weights}


def _refuse_weights(recipe: Recipe) -> str:
    weighting = "half_life_days" if recipe.weight is None else f"weight={recipe.weight!r}"
    return (
        f"the estimator of recipe {recipe.name!r} takes no weights (`sample_weight` of fit): choose another estimator "
        f"in {recipe.estimator}.py, or remove {weighting}"
    )


@contextmanager
def _explain_failure(
    model: ModelSpec, fitted: str, features: Sequence[str], days: Days, rows: pd.DataFrame
) -> Iterator[None]:
    """Turn any exception of a fit into a TrainingError that names what was fitted, and features without a value."""
    try:
        yield
    except UnsafeModel:
        raise
    except Exception as error:
        message = f"{model.name}: {fitted} cannot be fitted on {days.key}: {type(error).__name__}: {error}"
        if empty := [name for name in features if rows[name].isna().all()]:
            message += (
                f": {', '.join(empty)} {'has' if len(empty) == 1 else 'have'} no value in these days: "
                "load the history of these features, or let the recipe leave them out (`features`)"
            )
        raise TrainingError(message) from error


def record_fit(
    catalog: Catalog, inputs: FitInputs, fitted: Fitted, code: str, packages: str
) -> TrainedVersion:
    """Return the record of a fit that has no version number yet, after storing and loading its pipeline as a check.

    Raises UnsafeModel if the pipeline contains types that could run code when it is loaded.
    """
    model, recipe, night, days, (rows, drawn_from), pins = inputs
    home = catalog.model_home(model.name)
    size, reload_difference = _store_and_compare(inputs, fitted)
    return TrainedVersion(
        model=model.name,
        version=0,
        night=night,
        recipe=recipe.name,
        recipe_fingerprint=fingerprint_recipe(model, recipe, home),
        features=model.seen_by(recipe),
        weight=recipe.weight,
        trained_on=days,
        days_with_rows=int(rows["day"].nunique()),
        rows=len(rows),
        drawn_from=drawn_from if len(rows) < drawn_from else None,
        **summarise_labels(model, rows["label"]),
        missing_days=count_missing(catalog, model, days, set(rows["day"])),
        repeated_rows=count_repeated(model, rows),
        pins=pins,
        seed=recipe.seed,
        code_version=code,
        environment=packages,
        artifact_bytes=size,
        sources=digest_sources(home),
        strategy=recipe in model.strategies,
        reload_difference=reload_difference,
    )


def _store_and_compare(inputs: FitInputs, fitted: Fitted) -> tuple[int, float]:
    """Return the size of the stored pipeline, and the largest difference of its predictions after loading it."""
    model, recipe, rows = inputs.model, inputs.recipe, inputs.sample.rows
    features = model.seen_by(recipe)
    some = rows.iloc[np.linspace(0, len(rows) - 1, min(len(rows), _PROBED_ROWS)).astype(int)]
    stored = store_pipeline(fitted.estimator, model.name, recipe.name)
    loaded = load_pipeline(stored)
    gap = predict(model, loaded, some, features) - predict(model, fitted.estimator, some, features)
    return len(stored), float(np.abs(np.nan_to_num(gap)).max())


def count_missing(catalog: Catalog, model: ModelSpec, days: Days, held: Collection[date]) -> int:
    """Return the number of days without rows, from the first day with rows on, that no closed input explains.

    An input that delivers on fewer than four days of a week is read over its history: its closed days do not explain
    missing rows, unless all daily inputs are closed.
    """
    missing = {day for day in days.each() if day >= min(held) and day not in held}
    if missing:
        closed = [source.contract.closed for source in catalog.sources(model) if source.contract.daily]
        explaining = [days for days in closed if not days.are_most]
        missing = {
            day
            for day in missing
            if not any(day in days for days in explaining)
            and not (closed and all(day in days for days in closed))
        }
    return len(missing)


def training_days(model: ModelSpec, recipe: Recipe, night: date) -> Days:
    """Return the training days of a night: the recipe's window, up to what was known before the evaluated days.

    The window of a strategy ends with the newest known labels: it is only measured on days that it scores later.
    """
    last = night - timedelta(days=model.label_maturity_days)
    if recipe not in model.strategies:
        last = model.last_fitted_before(last - timedelta(days=model.evaluation_days - 1))
    return Days(first=last - timedelta(days=recipe.window_days - 1), last=last)


def _check(model: ModelSpec, recipe: Recipe, days: Days, rows: pd.DataFrame) -> None:
    if rows.empty:
        raise TrainingError(
            f"{model.name}: there are no labelled rows from {days.first} to {days.last}: "
            f"load that history first, with a run of {dag_id('features', model.name)} for its nights"
        )
    if rows["label"].nunique() == 1:
        raise TrainingError(
            f"{model.name}: all {len(rows)} labels from {days.first} to {days.last} are {rows['label'].iloc[0]}: "
            "a model cannot be fitted on a single outcome; check `build_labels`"
        )
    if recipe in model.strategies and model.recovery is not None and len(rows) < model.recovery.min_rows:
        raise TooFewRows(
            f"{model.name}: strategy {recipe.name!r} has {len(rows)} training rows from {days.first} to {days.last}, "
            f"fewer than {model.recovery.min_rows} (`min_rows` of `recovery`): it does not compete tonight"
        )
    try:
        kind_of(model).encode(rows["label"])
    except LabelError as error:
        raise TrainingError(str(error)) from None


def find_unusable_recipes(catalog: Catalog) -> list[str]:
    """Return the recipes whose estimator cannot be built, stored or weighted, one line each with the reason."""
    return [
        mistake
        for model in catalog.models.values()
        for recipe in model.all_recipes
        if (mistake := _find_mistake(catalog.model_home(model.name), model, recipe))
    ]


def _find_mistake(home: Path, model: ModelSpec, recipe: Recipe) -> str | None:
    try:
        estimator = build_pipeline(model, recipe, load_functions(home, recipe))
        store_pipeline(estimator, model.name, recipe.name)
        if recipe.is_weighted and name_parameter(estimator) is None:
            return f"{model.name}/spec.py: recipes: {_refuse_weights(recipe)}"
    except UnsafeModel as error:
        return str(error)
    except Exception as error:  # user code may raise anything
        place = f"{model.name}/{recipe.estimator}.py"
        return f"{place}: build_estimator fails for recipe {recipe.name!r}: {type(error).__name__}: {error}"
    return None
