"""What is kept of the rows that a version was fitted on: enough to tell later how much of them has changed."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import Field

from contender.specs.frozen import Frozen


class ColumnSketch(Frozen):
    """One column of the training rows: numbers by day, in the order of the days."""

    mean: float
    deviation: float = Field(description="standard deviation; 1 of a column that never varies")
    projected: tuple[float, ...] = Field(description="sum of value times sign, missing values left out")
    missing: tuple[float, ...] | None = Field(
        default=None, description="sum of the signs of missing values; None when there are none"
    )
    counts: dict[str, tuple[int, ...]] | None = Field(
        default=None, description="rows by value, of a category with few values"
    )


class TrainingSketch(Frozen):
    """The training rows of a version by day. A row's sign, +1 or -1, follows from its key alone."""

    model: str
    signs: str = Field(description="which signs these are: only equal ones can be compared")
    days: tuple[date, ...]
    rows: tuple[int, ...]
    presence: tuple[float, ...] = Field(description="sum of the signs of a day's rows")
    columns: dict[str, ColumnSketch] = Field(description="the label and every feature")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class HistoryChange(Frozen):
    """What has become of the champion's training rows, on the days that lie in both versions' windows."""

    shared_days: int
    shared_rows: int = Field(description="the champion's on these days")
    excused_days: int = Field(description="left out: a person replaced, erased or released their data since")
    changed: dict[str, float] = Field(
        description="by column, and `rows`: share of rows that came or went, or of the variance that moved"
    )
    lost: tuple[str, ...] = Field(
        default=(), description="categories, as column=value, of which most rows are gone"
    )


class GatedDays(Frozen):
    """What the book knows of the gates of the training days, features and labels alike."""

    days: int
    ungated: tuple[date, ...] = Field(description="no gate let their rows through")
    released: int = Field(description="let through by a person; the version has a caveat of each")


class UsualChange(Frozen):
    """How far refreshes have moved what is foretold: what nine of ten past ones of this recipe kept to."""

    nights: int
    disagreement: float
    shift: float = Field(description="of |mean challenger - mean champion|")
