"""Measurements of a version: losses with intervals, calibration, slices and behaviour tests."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from contender.specs.frozen import Frozen


def accept_holds(values: object) -> object:
    """Rename the field `holds` of a stored record to `passed`: version 0.1 used the old name."""
    if isinstance(values, dict) and "holds" in values and "passed" not in values:
        return {"passed" if name == "holds" else name: value for name, value in values.items()}
    return values


class Interval(Frozen):
    """A 95 % confidence interval."""

    low: float
    high: float


class CalibrationPoint(Frozen):
    """A bin of rows with similar predictions, with their mean prediction and mean outcome; or a quantile of all rows.

    A quantile's `predicted` is its level, and `observed` the share of outcomes below it.
    """

    predicted: float
    observed: float
    rows: int
    of: str | None = Field(default=None, description="the class whose probability it is")


class SliceMeasures(Frozen):
    """The losses on a named part of the rows; the champion's is None where it cannot be evaluated."""

    name: str
    rows: int
    challenger_loss: float
    champion_loss: float | None
    difference: Interval | None = Field(
        description="challenger's loss minus champion's; 95 % simultaneously for all slices of the night"
    )


class OutcomeChange(Frozen):
    """Evidence that recent outcomes agree less with the predictions served for them than those of earlier days did."""

    days: int = Field(description="served days with outcomes that were compared")
    excused_days: int = Field(
        default=0, description="days left out, because a person replaced, erased or released their data"
    )
    missing: float | None = Field(
        description="evidence that positive outcomes are missing; None with too few days, and for other kinds than "
        "probabilities"
    )
    weaker: float | None = Field(
        description="evidence that outcomes follow the predictions less; None with too few days, and for quantiles"
    )
    bar: float = Field(description="threshold of the evidence")


class BehaviourCheck(Frozen):
    """The result of a model's behaviour test for a version. If the test has two bounds, `bound` is the nearer one."""

    name: str
    kind: Literal["invariance", "direction", "minimum"]
    passed: bool
    observed: float
    bound: float
    unit: str = Field(
        default="", description="of `observed` and `bound`, if it is not that of the prediction"
    )
    explanation: str
    outcomes: Interval | None = Field(
        default=None,
        description="of the mean outcome of the tested rows, over days; only of `minimum` tests that change no row",
    )

    @property
    def contradicted(self) -> bool:
        """Whether the outcomes of the tested rows lie on the same side of the bound as the failed predictions do."""
        if self.passed or self.outcomes is None:
            return False
        below = self.observed < self.bound
        return self.outcomes.high < self.bound if below else self.outcomes.low > self.bound

    @model_validator(mode="before")
    @classmethod
    def _accept_holds(cls, values: object) -> object:
        return accept_holds(values)


class Measures(Frozen):
    """Measures of predictions on some rows. Lower is better except for `auc`; a measure that does not apply is None."""

    rows: int
    mean_label: float | None = Field(default=None, description="None for classes")
    loss: float = Field(description="mean of the loss that the model's contract selects")
    auc: float | None = None
    brier: float | None = None
    log_loss: float | None = None
    accuracy: float | None = Field(
        default=None, description="share of rows whose most probable class is the outcome"
    )
    mean_absolute_error: float | None = Field(
        default=None, description="of a quantity, or of the median among quantiles"
    )
    root_mean_squared_error: float | None = None
    coverage: float | None = Field(
        default=None, description="share of outcomes between the lowest and the highest quantile"
    )
    interval_width: float | None = Field(default=None, description="mean distance between these two")
    calibration_error: float = Field(
        description="expected calibration error with ten bins of equal size; of the worst class for classes; the "
        "largest error of a quantile's coverage for quantiles"
    )
    loss_interval: Interval | None = Field(
        default=None, description="interval of the loss; None with fewer than two days"
    )
