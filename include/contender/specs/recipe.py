"""A recipe: how a model is trained."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from contender.specs.columns import Column, Name
from contender.specs.frozen import Frozen

BASELINE = "baseline"  # the estimator of a recipe that is the model's baseline


class Recipe(Frozen):
    """How a model is trained. Its name is a label: a changed recipe has another fingerprint and is a rival."""

    name: Name
    window_days: int = Field(gt=0, description="days of labelled history to train on")
    estimator: Name = Field(
        default="estimator",
        description="the file in the model's folder that defines build_estimator; `baseline` for the baseline itself",
    )
    features: tuple[Name, ...] = Field(default=(), description="features to use; all if empty")
    weight: Name | None = Field(
        default=None, description="the weight of a row in the fit: a feature or one of `weights`; 1 if None"
    )
    half_life_days: float | None = Field(
        default=None,
        gt=0,
        description="the number of days after which a training row counts half; all count the same if None",
    )
    max_rows: int | None = Field(
        default=None, ge=1000, description="most rows that are trained on; of more, a sample seeded by `seed`"
    )
    parameters: dict[str, int | float | str | bool] = Field(default_factory=dict)
    seed: int = 0

    @property
    def is_weighted(self) -> bool:
        """Whether its training rows have weights."""
        return self.weight is not None or self.half_life_days is not None


def check_weights(recipes: Sequence[Recipe], features: Sequence[Column], weights: Sequence[Column]) -> None:
    """Raise ValueError if a weight is not a number in every row, or also a feature of its recipe."""
    columns = {column.name: column for column in (*features, *weights)}
    used = {f"weights: {column.name!r}": column.name for column in weights}
    used |= {f"recipes: {r.name!r}: weight": r.weight for r in recipes if r.weight is not None}
    for where, name in used.items():
        if name not in columns:
            raise ValueError(f"{where}: unknown column {name!r}: use one of " + ", ".join(columns))
        if columns[name].type not in ("integer", "number") or columns[name].nullable:
            raise ValueError(
                f"{where}: {name!r} is not a number in every row: declare it `number` or `integer`, not nullable"
            )
    for recipe in recipes:
        if recipe.weight in recipe.features:
            raise ValueError(
                f"recipes: {recipe.name!r}: features: {recipe.weight!r} is the weight: remove it from `features`"
            )
