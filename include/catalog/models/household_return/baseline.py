"""What every version of the model has to beat: fitted beside it, on the same rows."""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder


def build_baseline(seed: int) -> Pipeline:
    """What anyone would try first: how many of those return who shopped on as many of the last 28 days."""
    return make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(random_state=seed))
