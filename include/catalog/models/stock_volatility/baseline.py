"""The baseline model, trained on the same rows as each version."""

from __future__ import annotations

from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline


def build_baseline(_: int) -> Pipeline:
    """Return a line through the mean move of the last 28 days; it needs no seed."""
    return make_pipeline(LinearRegression())
