"""Bounds on how much a day may differ from recent days."""

from __future__ import annotations

from pydantic import Field

from contender.specs.expectations import Severity
from contender.specs.frozen import Frozen


class Usual(Frozen):
    """Bounds of a gate's comparison of a day with previous days, in addition to the contract's expectations.

    It applies to single days with enough previous days. A real change looks like a broken feed, so the owner
    chooses which difference fails the batch and which one warns.
    """

    min_rows_ratio: float = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="rows, as a ratio to the median of the same weekday in eight weeks",
    )
    max_rows_ratio: float = Field(default=2.0, gt=1)
    volume_severity: Severity = "fail"
    max_distance_ratio: float = Field(
        default=2.0,
        ge=1,
        description="distance of a column's distribution from that of four weeks, as a ratio to the largest "
        "distance of one of those days",
    )
    min_distance: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="smaller distances always pass; the largest possible distance is 1",
    )
    min_share_change: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="smaller changes of a column's share of missing values, and smaller rises of the share of a single "
        "value, always pass",
    )
    max_share_ratio: float = Field(
        default=3.0, ge=1, description="either of them, as a ratio to the largest one of a recent day"
    )
    failing_missing_change: float = Field(
        default=0.9,
        gt=0,
        le=1,
        description="from which a change of the share of missing values fails the batch, whatever "
        "`distribution_severity` is: the column has been emptied",
    )
    distribution_severity: Severity = "warn"
    repeat_severity: Severity | None = Field(
        default="fail",
        description="when all rows equal those of one of the last 28 days except for `day`, as from a feed that is "
        "stuck; None if days may be equal, as those of a price list. Days with fewer than ten rows are not compared",
    )
