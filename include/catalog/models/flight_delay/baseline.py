"""The baseline model, trained on the same rows as each version."""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder


def build_baseline(seed: int) -> Pipeline:
    """Return a logistic regression on the airport and the hour."""
    return make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(random_state=seed))
