"""The bounds of a model's monitoring, and what a verdict leads to."""

from __future__ import annotations

from pydantic import Field, model_validator

from contender.specs.columns import Email
from contender.specs.frozen import Frozen


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
        default=3.0,
        gt=0,
        description="how far a day's median may lie outside the range of recent days, in widths of that range",
    )
    max_drifted_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="share of columns that changed on one day from which the world has changed, not a feed",
    )
    reference_days: int = Field(default=28, ge=14, description="recent days that a day is compared with")
    current_days: int = Field(default=7, gt=0, description="days in the drift report")
    sample_rows: int = Field(
        default=5000, gt=0, description="maximum rows of each period in the drift report"
    )

    @model_validator(mode="before")
    @classmethod
    def _forget_ratio(cls, values: object) -> object:
        """Accept stored contracts of version 0.2, which bounded a day's loss by a ratio."""
        if isinstance(values, dict):
            return {name: value for name, value in values.items() if name != "max_loss_ratio"}
        return values
