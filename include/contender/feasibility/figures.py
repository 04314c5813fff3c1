"""Frozen figures of a feasibility study, on which its judgements are made."""

from __future__ import annotations

from datetime import date, datetime
from statistics import fmean

from pydantic import Field

from contender.records import Interval
from contender.specs import Days
from contender.specs.frozen import Frozen


class Estimate(Frozen):
    """A mean over held-out rows, with its 95 % interval over days; None with fewer than two days."""

    value: float
    interval: Interval | None

    @property
    def is_below_zero(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.interval is not None and self.interval.high < 0

    @property
    def is_above_zero(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.interval is not None and self.interval.low > 0


class SizePoint(Frozen):
    """The loss of fits on the newest days before each held-out block."""

    days: int
    rows: int = Field(description="training rows, mean over blocks")
    losses: tuple[float, ...] = Field(description="mean loss of each block, oldest first")

    @property
    def loss(self) -> float:
        """The mean over blocks."""
        return fmean(self.losses)


class Comparison(Frozen):
    """The losses of the fits on all days, of the baseline on the same rows, and of fits on permuted labels."""

    rows: int
    days: int
    loss: Estimate
    baseline: float
    floor: float
    beyond_baseline: Estimate = Field(description="loss minus the baseline's; below 0 is better")
    beyond_floor: Estimate = Field(description="loss minus that of the fits on permuted labels")
    within_day: bool = Field(description="labels were permuted within each day, not over all days")
    refits: int = Field(description="fits on permuted labels for each block")


class FeatureGain(Frozen):
    """How much the loss rises on held-out days if a feature's values are permuted."""

    name: str
    gain: Estimate


class AgeGroup(Frozen):
    """Held-out rows whose key was first seen so many days before."""

    name: str
    rows: int
    share: float
    loss: float
    baseline: float
    beyond_baseline: Estimate


class MissingValues(Frozen):
    """The share of rows without a value in a feature."""

    name: str
    share: float


class History(Frozen):
    """The labelled rows that were found."""

    days: Days
    days_with_rows: int
    missing_days: int = Field(description="days without rows that no closed input explains")
    rows: int
    read_from: date = Field(description="first day that was read; older days were not")
    rows_used: int = Field(description="rows of the sample that was fitted and measured")
    newest_features: date
    missing_values: tuple[MissingValues, ...] = Field(description="features with missing values, most first")


class Arrivals(Frozen):
    """When a daily input is due, and when its recorded deliveries passed through their gate."""

    table: str
    due: datetime | None = Field(description="of the newest night by cron; None for predictions of a model")
    grace_hours: int
    deadline: datetime | None = Field(description="of the same night's predictions; None without `scored_by`")
    recorded: int = Field(
        description="deliveries of single days that arrived within three days of their due time"
    )
    late: int = Field(description="of these, the ones that arrived after the deadline of their night")


class Timing(Frozen):
    """When data arrive, and when labels are known."""

    scored_by: str | None
    label_maturity_days: int
    outcome_lag: int
    inputs: tuple[Arrivals, ...]


class Study(Frozen):
    """The measured figures; those of fits are missing if the history is too short for held-out blocks."""

    model: str
    recipe: str
    loss: str
    seed: int
    history: History
    timing: Timing
    blocks: tuple[Days, ...] = ()
    curve: tuple[SizePoint, ...] = ()
    failed_sizes: tuple[int, ...] = Field(default=(), description="days on which a fit was impossible")
    comparison: Comparison | None = None
    gains: tuple[FeatureGain, ...] = ()
    ages: tuple[AgeGroup, ...] = ()
    failure: str | None = Field(default=None, description="why the recipe cannot be fitted or measured")
    nonnegative: bool = Field(default=True, description="whether the loss is never below 0")
