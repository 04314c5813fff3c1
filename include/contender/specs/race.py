"""The parameters of the sequential tests."""

from __future__ import annotations

from pydantic import Field

from contender.specs.frozen import Frozen


class Race(Frozen):
    """The parameters of the sequential tests: for a rival, and against refreshing."""

    alpha: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="the chance that any recipe that is not better is promoted while the champion's recipe serves",
    )
    min_rows: int = Field(
        default=20,
        gt=0,
        description="scored and labelled rows that a bet needs; a day with fewer counts in proportion",
    )
    still_days: int = Field(
        default=28, gt=0, description="refreshes are compared with the version that served this many days ago"
    )
    nights_between_false_stops: int = Field(
        default=730,
        gt=1,
        description="minimum mean number of nights between false stops of harmless refreshes",
    )
