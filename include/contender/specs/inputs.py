"""The tables that the features of a model are built from."""

from __future__ import annotations

from pydantic import Field, model_validator

from contender.specs.columns import Name
from contender.specs.frozen import Frozen


class Input(Frozen):
    """A table that features are built from: a dataset, or the predictions of another model."""

    dataset: Name | None = None
    predictions_of: Name | None = None
    history_days: int = Field(
        default=1, ge=1, description="number of days that are read, up to the newest known day"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Input:
        if (self.dataset is None) == (self.predictions_of is None):
            raise ValueError("give either `dataset` or `predictions_of`")
        return self

    @property
    def name(self) -> str:
        """The name of the table in `build_features`."""
        return self.dataset or f"predictions_{self.predictions_of}"
