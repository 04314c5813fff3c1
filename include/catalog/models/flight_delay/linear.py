"""A linear estimator: logistic regression on categories and standardised numbers, with imputed missing values."""

from __future__ import annotations

from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

CATEGORIES = ["airline", "airport", "dep_hour", "arr_hour", "weekday"]


def build_estimator(parameters: dict[str, object], seed: int) -> Pipeline:
    """Return a logistic regression with the recipe's parameters."""
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
        remainder=make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
    )
    return make_pipeline(encode, LogisticRegression(max_iter=500, random_state=seed, **parameters))
