"""What a new version must keep to: the bounds of the guards, and the parts of the rows that are looked at apart."""

from __future__ import annotations

from pydantic import Field

from contender.specs.columns import ColumnType, Name, Text
from contender.specs.frozen import Frozen

_TYPES: dict[ColumnType, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


class Slice(Frozen):
    """Rows that are judged apart: those with one of the `values` in a column; without values, each value by itself."""

    column: Name = Field(description="a key or a feature")
    values: tuple[bool | int | float | str, ...] = Field(
        default=(), description="of one slice; without them every value of the column is a slice"
    )
    name: Text | None = Field(default=None, description="else it is called `column=value`")

    @property
    def title(self) -> str:
        """What it is called; of a column without values, the slices are called `column=value`."""
        told = "|".join(str(value) for value in self.values)
        return self.name or (f"{self.column}={told}" if told else self.column)


class Guards(Frozen):
    """The bounds that a refresh must keep to be promoted; each is judged apart, with its figures."""

    min_rows_ratio: float = Field(
        default=0.8, gt=0, le=1, description="training rows, against the champion's"
    )
    min_days_ratio: float = Field(
        default=0.9, gt=0, le=1, description="days with training rows, against the champion's"
    )
    max_missing_days: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="share of the days from the first with training rows on that have none and are not closed",
    )
    max_history_change: float = Field(
        default=0.01,
        gt=0,
        description="how much of the champion's training rows is different now on the days that both were fitted on: "
        "share of rows, or of a column's variance",
    )
    max_disagreement: float = Field(
        default=0.1,
        gt=0,
        description="mean |challenger - champion| of the prediction; of quantities, in standard deviations",
    )
    max_disagreement_ratio: float = Field(
        default=2.0,
        gt=1,
        description="the same, and the mean difference, against what nine of ten refreshes kept to (seven or more)",
    )
    max_loss_increase: float = Field(
        default=0.03,
        ge=0,
        description="as a share of the champion's loss on the same rows, where that is more than chance explains",
    )
    max_slice_loss_increase: float = Field(
        default=0.05, ge=0, description="the same within a slice, beyond what chance explains"
    )
    min_slice_rows: int = Field(default=200, gt=0, description="a slice with fewer judged rows is not judged")
    max_loss_above_baseline: float = Field(
        default=0.07,
        ge=0,
        description="as a share of the simple baseline's loss: a few days are noisy; the very first version must "
        "lie below the baseline",
    )
    max_calibration_error: float = Field(
        default=0.15,
        gt=0,
        description="expected calibration error in ten bins of equal size; of quantities, in standard deviations. "
        "Not of a refresh, nor where the champion is beyond it, too",
    )
    max_calibration_increase: float = Field(
        default=0.03,
        ge=0,
        description="of a refresh, beyond the champion's calibration error on the same rows",
    )
    max_seconds_per_million_rows: float = Field(
        default=300.0, gt=0, description="of a prediction, the best of several measured"
    )
    max_artifact_bytes: int = Field(default=200_000_000, gt=0, description="of the stored pipeline")


def is_value_of(value: object, kind: ColumnType) -> bool:
    """Whether a value of a spec can stand in a column of that type; days and moments cannot be named so far."""
    wanted = _TYPES.get(kind, ())
    return isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))
