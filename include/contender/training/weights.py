"""Weights of training rows: read them from the rows, and find the parameter by which an estimator takes them."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from contender.specs import ModelSpec, Recipe, dag_id

_PARAMETER = "sample_weight"


class WeightError(ValueError):
    """Rows cannot be weighted; the message names the column, a row and the fix."""


def read_weights(model: ModelSpec, recipe: Recipe, rows: pd.DataFrame) -> NDArray[np.float64] | None:
    """Return the weight of each row, or None for a recipe without weights.

    With a half-life, a row counts half as much as one that is so many days newer. Raises WeightError if a weight is
    missing, infinite or negative, or if all are zero.
    """
    if not recipe.is_weighted:
        return None
    weights = np.ones(len(rows)) if recipe.weight is None else _read_column(model, recipe.weight, rows)
    return weights if recipe.half_life_days is None else weights * _fade(rows, recipe.half_life_days)


def _fade(rows: pd.DataFrame, half_life_days: float) -> NDArray[np.float64]:
    days = np.array([day.toordinal() for day in rows["day"]], dtype=np.float64)
    faded: NDArray[np.float64] = 0.5 ** ((days.max() - days) / half_life_days)
    return faded


def _read_column(model: ModelSpec, name: str, rows: pd.DataFrame) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = rows[name].to_numpy(np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    function = "build_labels" if name in model.weight_names else "build_features"
    if wrong.any():
        first = int(wrong.argmax())
        row = ", ".join(f"{key}={rows[key].iloc[first]}" for key in model.row_key)
        raise WeightError(
            f"the weight {name!r} is {weights[first]} in {int(wrong.sum())} of {len(rows)} rows, such as the "
            f"row {row}: return a finite number of at least 0 in {function}, and build these days again with "
            f"{dag_id('features', model.name)}"
        )
    if not weights.any():
        raise WeightError(f"the weight {name!r} is 0 in all {len(rows)} rows: correct {function}")
    return weights


def name_parameter(estimator: Any) -> str | None:
    """Return the parameter of `fit` by which an estimator takes weights, or None if it takes none.

    In a pipeline, weights are passed to the last step. A search, or a regressor of a transformed target, passes them on
    to the estimator in it.
    """
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        inner = name_parameter(last)
        return None if inner is None else "__".join((name, inner))
    if not hasattr(estimator, "fit"):
        return None
    accepted = inspect.signature(estimator.fit).parameters
    if _PARAMETER in accepted:
        return _PARAMETER
    inside = getattr(estimator, "estimator", None) or getattr(estimator, "regressor", None)
    passes_on = any(parameter.kind is parameter.VAR_KEYWORD for parameter in accepted.values())
    return name_parameter(inside) if passes_on and inside is not None else None
