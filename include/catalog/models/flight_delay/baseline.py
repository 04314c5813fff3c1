"""What every version of the model has to beat: fitted beside it, on the same rows."""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder


def build_baseline(seed: int) -> Pipeline:
    """What anyone would try first: the usual rate of the airport and the hour."""
    return make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(random_state=seed))
