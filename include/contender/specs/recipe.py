"""A recipe: how a model is trained."""

from __future__ import annotations

from pydantic import Field

from contender.specs.columns import Name
from contender.specs.frozen import Frozen


class Recipe(Frozen):
    """How a model is trained. Its name is a label: a changed recipe has another fingerprint and is a rival."""

    name: Name
    window_days: int = Field(gt=0, description="days of labelled history to train on")
    estimator: Name = Field(
        default="estimator", description="the file in the model's folder that defines build_estimator"
    )
    features: tuple[Name, ...] = Field(default=(), description="features to use; all if empty")
    weight: Name | None = Field(
        default=None, description="the weight of a row in the fit: a feature or one of `weights`; 1 if None"
    )
    parameters: dict[str, int | float | str | bool] = Field(default_factory=dict)
    seed: int = 0
