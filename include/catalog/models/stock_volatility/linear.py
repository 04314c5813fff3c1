"""A linear estimator, which extrapolates: ridge regression on standardised features."""

from __future__ import annotations

from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def build_estimator(parameters: dict[str, object], seed: int) -> Pipeline:
    """Return a ridge regression with the recipe's parameters."""
    return make_pipeline(SimpleImputer(), StandardScaler(), Ridge(random_state=seed, **parameters))
