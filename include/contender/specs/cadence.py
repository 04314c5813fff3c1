"""How often a model is fitted: every night by default, more rarely, or when it is needed."""

from __future__ import annotations

from pydantic import Field, model_validator

from contender.specs.closed import Weekday
from contender.specs.frozen import Frozen


class WhenNeeded(Frozen):
    """The bounds of a fit that is due when it is needed.

    Besides these bounds, a fit is due while monitoring finds drift, or that predictions have become worse.
    """

    max_age_days: int = Field(
        default=28, gt=0, description="a champion that was fitted this many nights ago is refreshed"
    )
    new_rows: float = Field(
        default=0.2,
        gt=0,
        description="new labelled rows that are worth a fit, as a share of the rows of the last fit",
    )
    fit_cost: float = Field(
        default=0.02,
        gt=0,
        description="what a fit costs: at 0.02, as much as a loss that is 2 % higher on one day",
    )


class Cadence(Frozen):
    """The nights in which a model is fitted; by default, all of them.

    Whatever the cadence, a night fits a model that has no champion, that has an open break, or whose recipes have
    changed.
    """

    weekday: Weekday | None = Field(default=None, description="fit in the night of this day of each week")
    every_days: int | None = Field(default=None, gt=1, description="fit this many nights after the last fit")
    when_needed: WhenNeeded | None = Field(default=None, description="fit when it is worth its cost")

    @model_validator(mode="after")
    def _one_at_most(self) -> Cadence:
        given = [name for name in ("weekday", "every_days", "when_needed") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"cadence: {' and '.join(given)} exclude each other: keep one of them")
        return self

    @property
    def is_nightly(self) -> bool:
        """Whether every night fits the model."""
        return self == Cadence()

    @property
    def in_words(self) -> str:
        """The cadence as a phrase, such as `every 3 nights`."""
        if self.weekday is not None:
            return f"weekly, on {self.weekday}"
        if self.every_days is not None:
            return f"every {self.every_days} nights"
        return "every night" if self.when_needed is None else "when needed"
