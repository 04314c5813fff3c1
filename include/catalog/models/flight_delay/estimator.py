"""Boosted trees over categories and numbers."""

from __future__ import annotations

from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

CATEGORIES = ["airline", "airport"]


def build_estimator(parameters: dict[str, object], seed: int) -> Pipeline:
    """Boosted trees (missing numbers are values of their own); `parameters` are those of the recipe."""
    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), CATEGORIES),
        remainder="passthrough",
    )
    encode.set_output(transform="default")
    trees = HistGradientBoostingClassifier(
        categorical_features=list(range(len(CATEGORIES))), random_state=seed, **parameters
    )
    return make_pipeline(encode, trees)
