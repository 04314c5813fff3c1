"""The bounds of the guards and of monitoring, and the slices of rows that are evaluated on their own."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from contender.specs.columns import Column, ColumnType, Name, Text
from contender.specs.frozen import Frozen

_TYPES: dict[ColumnType, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


class Slice(Frozen):
    """The rows with one of the `values` in a column. Without `values`, each value of the column is a slice."""

    column: Name = Field(description="a key or a feature")
    values: tuple[bool | int | float | str, ...] = Field(
        default=(), description="values of the slice; if empty, every value of the column is a slice"
    )
    name: Text | None = Field(default=None, description="name of the slice; `column=value` if None")

    @property
    def title(self) -> str:
        """The name of the slice: `name`, or `column=value`, or the column if it has no values."""
        values = "|".join(str(value) for value in self.values)
        return self.name or (f"{self.column}={values}" if values else self.column)


class Guards(Frozen):
    """The bounds of the guards. A version outside any bound is not promoted."""

    min_rows_ratio: float = Field(
        default=0.8, gt=0, le=1, description="training rows, as a share of the champion's"
    )
    min_days_ratio: float = Field(
        default=0.9, gt=0, le=1, description="days with training rows, as a share of the champion's"
    )
    max_missing_days: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="share of days without training rows, from the first day with rows on; closed days do not count",
    )
    max_history_change: float = Field(
        default=0.01,
        gt=0,
        description="change of the champion's training rows on the days that both versions were trained on: "
        "share of rows, or of a column's variance",
    )
    max_disagreement: float = Field(
        default=0.1,
        gt=0,
        description="mean |challenger - champion| of predictions; in standard deviations for quantities, total "
        "variation distance for classes",
    )
    max_disagreement_ratio: float = Field(
        default=3.0,
        gt=1,
        description="the disagreement, and the mean difference, divided by the 90% quantile of earlier refreshes; "
        "needs seven of them",
    )
    max_loss_increase: float = Field(
        default=0.03,
        ge=0,
        description="as a share of the champion's loss on the same rows; only significant increases block",
    )
    max_slice_loss_increase: float = Field(
        default=0.05,
        ge=0,
        description="the same within a slice; only significant increases block",
    )
    min_slice_rows: int = Field(default=200, gt=0, description="slices with fewer rows are not judged")
    max_loss_above_baseline: float = Field(
        default=0.07,
        ge=0,
        description="as a share of the baseline's loss, since a few days are noisy; the first version must be "
        "better than the baseline",
    )
    max_calibration_error: float = Field(
        default=0.15,
        gt=0,
        description="expected calibration error in ten bins of equal size; in standard deviations for quantities, of "
        "the worst class for classes; for quantiles, the largest error of a quantile's coverage. It does not "
        "apply to refreshes, nor if the champion exceeds it too",
    )
    max_calibration_increase: float = Field(
        default=0.03,
        ge=0,
        description="increase of a refresh's calibration error over the champion's on the same rows",
    )
    max_held_nights: int = Field(
        default=7,
        gt=0,
        description="nights in a row in which a difference from the past may hold refreshes that are no worse than the "
        "champion on the evaluated days",
    )
    max_seconds_per_million_rows: float = Field(
        default=300.0, gt=0, description="prediction time, the best of several measurements"
    )
    max_artifact_bytes: int = Field(default=200_000_000, gt=0, description="size of the stored pipeline")


def check_slices(slices: Sequence[Slice], columns: Sequence[Column]) -> None:
    """Raise ValueError if a slice is declared twice, or names an unknown column or a value of another type."""
    types = {column.name: column.type for column in columns}
    taken: set[str] = set()
    for part in slices:
        if part.column not in types:
            raise ValueError(f"slices: unknown column {part.column!r}: use one of " + ", ".join(types))
        wrong = [value for value in part.values if not is_value_of(value, types[part.column])]
        if wrong:
            raise ValueError(
                f"slices: {wrong[0]!r} is not a value of {part.column!r}, which has the type "
                f"{types[part.column]}: correct the value"
            )
        if part.title in taken:
            raise ValueError(f"slices: {part.title!r} is declared twice: give one of them another name")
        taken.add(part.title)


def is_value_of(value: object, kind: ColumnType) -> bool:
    """Return whether a value fits a column's type. Dates and timestamps are not supported."""
    wanted = _TYPES.get(kind, ())
    return isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))
