"""The estimator: boosted trees on shopping habits."""

from __future__ import annotations

from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

CATEGORIES = ["household_size", "income"]


def build_estimator(parameters: dict[str, object], seed: int) -> Pipeline:
    """Return boosted trees with the recipe's parameters. Missing numbers are handled by the trees."""
    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), CATEGORIES),
        remainder="passthrough",
    )
    encode.set_output(transform="default")
    trees = HistGradientBoostingClassifier(
        categorical_features=list(range(len(CATEGORIES))), random_state=seed, **parameters
    )
    return make_pipeline(encode, trees)
