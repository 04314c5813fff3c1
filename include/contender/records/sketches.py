"""Sketches of the rows that a version was fitted on, from which later changes of these rows are estimated."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import Field

from contender.specs.frozen import Frozen


class ColumnSketch(Frozen):
    """The sketch of one column: one number for each training day, in the order of the days."""

    mean: float
    deviation: float = Field(description="standard deviation; 1 for a constant column")
    projected: tuple[float, ...] = Field(description="sum of value times sign over non-missing values")
    missing: tuple[float, ...] | None = Field(
        default=None, description="sum of the signs of missing values; None if there are none"
    )
    counts: dict[str, tuple[int, ...]] | None = Field(
        default=None, description="rows by value, for a category with few values"
    )


class TrainingSketch(Frozen):
    """The sketch of a version's training rows by day. A row's sign, +1 or -1, is computed from its key alone."""

    model: str
    signs: str = Field(description="id of the sign function: only sketches with the same one are comparable")
    days: tuple[date, ...]
    rows: tuple[int, ...]
    presence: tuple[float, ...] = Field(description="sum of the signs of a day's rows")
    columns: dict[str, ColumnSketch] = Field(description="label and features")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class HistoryChange(Frozen):
    """How much the champion's training rows have changed, on the days that both versions were trained on."""

    shared_days: int
    shared_rows: int = Field(description="the champion's rows on these days")
    excused_days: int = Field(
        description="days left out, because a person replaced, erased or released their data since"
    )
    changed: dict[str, float] = Field(
        description="by column: changed share of the variance; `rows`: share of rows that were added or removed"
    )
    lost: tuple[str, ...] = Field(
        default=(), description="categories, as column=value, that lost most of their rows"
    )


class GatedDays(Frozen):
    """The gate results of the training days, for features and labels."""

    days: int
    ungated: tuple[date, ...] = Field(description="days whose rows passed no gate")
    released: int = Field(description="days that a person released; the version has a caveat for each")


class UsualChange(Frozen):
    """How much refreshes of this recipe usually change predictions: the 90 % quantile of earlier ones."""

    nights: int
    disagreement: float
    shift: float = Field(description="quantile of |mean challenger - mean champion|")
