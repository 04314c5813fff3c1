"""How unlike its recent days a day may be."""

from __future__ import annotations

from pydantic import Field

from contender.specs.expectations import Severity
from contender.specs.frozen import Frozen


class Usual(Frozen):
    """What a gate holds a day to beside its contract's fixed bounds: the days before it.

    Judged for single days, once enough earlier days are known. A world that changes looks like a feed that
    broke: what is let through with a warning, and what is not, is the owner's to say.
    """

    min_rows_ratio: float = Field(
        default=0.5, ge=0, lt=1, description="rows, to the median of the same weekday in eight weeks"
    )
    max_rows_ratio: float = Field(default=2.0, gt=1)
    volume_severity: Severity = "fail"
    max_distance_ratio: float = Field(
        default=2.0,
        ge=1,
        description="distance of a column's values from those of four weeks, to the largest that one of these "
        "days has itself",
    )
    min_distance: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="a smaller distance is never spoken of; 1 is the largest there is",
    )
    distribution_severity: Severity = "warn"
