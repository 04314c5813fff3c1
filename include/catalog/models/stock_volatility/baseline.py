"""The baseline model, trained on the same rows as each version."""

from __future__ import annotations

from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline


def build_baseline(seed: int) -> Pipeline:
    """Return a line through the mean move of the last 28 days. It has no randomness, so `seed` is not used."""
    return make_pipeline(LinearRegression())
