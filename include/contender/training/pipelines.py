"""Build the pipelines of a model from the functions in its folder, one for each quantile if it has quantiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sklearn.ensemble import VotingRegressor
from sklearn.pipeline import Pipeline

from contender.model_code import import_file
from contender.specs import BASELINE, ModelSpec, Recipe, name_quantile


class Functions(NamedTuple):
    """The functions in a model's folder that build its pipelines.

    `build_estimator` takes parameters and a seed; for quantiles, the parameter `quantile` is added. `build_baseline`
    takes a seed, and for quantiles also the quantile.
    """

    build_estimator: Callable[[dict[str, object], int], Pipeline]
    build_baseline: Callable[..., Pipeline]


def load_functions(home: Path, recipe: Recipe) -> Functions:
    """Load a recipe's estimator and the model's baseline from the model's folder."""
    baseline = import_file(home / "baseline.py").build_baseline
    if recipe.estimator == BASELINE:
        return Functions(lambda parameters, seed: baseline(seed, *parameters.values()), baseline)
    return Functions(import_file(home / f"{recipe.estimator}.py").build_estimator, baseline)


def build_pipeline(model: ModelSpec, recipe: Recipe, functions: Functions) -> Pipeline:
    """Return a recipe's pipeline, not fitted yet."""
    if not model.quantiles:
        return functions.build_estimator(dict(recipe.parameters), recipe.seed)
    return _join(
        {
            q: functions.build_estimator({**recipe.parameters, "quantile": q}, recipe.seed)
            for q in model.quantiles
        }
    )


def build_baseline(model: ModelSpec, recipe: Recipe, functions: Functions) -> Pipeline:
    """Return the baseline's pipeline, not fitted yet."""
    if not model.quantiles:
        return functions.build_baseline(recipe.seed)
    return _join({q: functions.build_baseline(recipe.seed, q) for q in model.quantiles})


def _join(pipelines: dict[float, Pipeline]) -> Pipeline:
    """Return one pipeline that fits each of these on the same rows, with a column for each from `transform`.

    It is scikit-learn's own class, so that a stored version needs no code of Contender. It does not vote here.
    """
    named = [(name_quantile(q), pipeline) for q, pipeline in pipelines.items()]
    return Pipeline([("quantiles", VotingRegressor(named))])
