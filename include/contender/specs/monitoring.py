"""The bounds of a model's monitoring, and what a verdict leads to."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, model_validator

from contender.specs.columns import Column, Email
from contender.specs.frozen import Frozen

_OF_EFFECTS = ("integer", "number", "string", "boolean")
_FORMER = ("max_loss_ratio", "max_drifted_share")


class Monitoring(Frozen):
    """The bounds of a night's monitoring, and what its verdicts lead to besides a mail."""

    hold_broken_feed: bool = Field(
        default=False,
        description="whether the gate of the features fails on a day that looks like a broken feed",
    )
    mail_to: tuple[Email, ...] = Field(
        default=(),
        description="recipients of the mail about a regime break besides the owner, such as users of the predictions",
    )
    min_missing_change: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="smaller changes of a column's share of missing values are ignored",
    )
    min_distance: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="smaller distances of a column's distribution from that of recent days are ignored",
    )
    max_distance_ratio: float = Field(
        default=3.0, ge=1, description="either of them, as a ratio to the largest one of a recent day"
    )
    max_widths_beyond: float = Field(
        default=2.0,
        gt=0,
        description="how far a day's median may lie outside the range of recent days, in widths of that range",
    )
    max_unusual_share: float = Field(
        default=0.07,
        gt=0,
        le=1,
        description="share of columns, at least two, that differ unusually on one day if the world has changed, "
        "not a feed",
    )
    day_effects: tuple[str, ...] = Field(
        default=(),
        description="columns that events of a single day act through, such as the airport and the hour of a storm: "
        "their effects are removed before outcomes are compared with predicted probabilities",
    )
    reference_days: int = Field(default=28, ge=14, description="recent days that a day is compared with")
    current_days: int = Field(default=7, gt=0, description="days in the drift report")
    sample_rows: int = Field(
        default=5000, gt=0, description="maximum rows of each period in the drift report"
    )

    @model_validator(mode="before")
    @classmethod
    def _forget_former(cls, values: object) -> object:
        """Accept stored contracts of earlier versions, with bounds that no longer exist."""
        if isinstance(values, dict):
            return {name: value for name, value in values.items() if name not in _FORMER}
        return values


def check_day_effects(names: Sequence[str], columns: Sequence[Column]) -> None:
    """Raise ValueError if a column of the day's effects is unknown, or neither a number nor a category."""
    types = {column.name: column.type for column in columns}
    for name in names:
        if types.get(name) not in _OF_EFFECTS:
            usable = ", ".join(other for other, kind in types.items() if kind in _OF_EFFECTS)
            raise ValueError(
                f"monitoring: day_effects: {name!r} is no key or feature of a usable type: use one of {usable}"
            )
