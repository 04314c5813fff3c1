"""The drills by name: what changes, the verdict that is right, and how strong the change is by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from contender.drilling import changes
from contender.drilling.changes import BREAK_DAYS, Change, DrillError
from contender.records import DriftVerdict
from contender.specs import ColumnType, ModelSpec


class Drill(NamedTuple):
    """A change, the verdict that is right, and its default strength.

    `of` is what changes: `features` (then predictions change, too), `outcomes`, `rows` (which rows there are), served
    `scores`, or the `maturity` of outcomes. `columns` are the types of columns that a drill of one column can change.
    """

    summary: str
    change: Change
    verdict: DriftVerdict
    of: Literal["features", "outcomes", "rows", "scores", "maturity"]
    strength: float
    unit: str
    most: float | None = 1.0
    of_numbers: float | None = None  # the default strength, in standard deviations, for models of numbers
    columns: tuple[ColumnType, ...] = ()

    def default_strength(self, model: ModelSpec) -> float:
        """Return the strength of the drill, if none is given."""
        of_numbers = self._strength_of_numbers(model)
        return self.strength if of_numbers is None else of_numbers

    def check_strength(self, model: ModelSpec, strength: float) -> None:
        """Raise DrillError unless the strength makes sense."""
        most = self.most if self._strength_of_numbers(model) is None else None
        if strength <= 0 or (most is not None and strength > most):
            bound = "above 0" if most is None else f"above 0 and at most {most:g}"
            raise DrillError(f"strength {strength:g}: must be {bound} ({self.unit})")

    def _strength_of_numbers(self, model: ModelSpec) -> float | None:
        return self.of_numbers if model.predicts == "quantity" else None

    def choose_column(self, model: ModelSpec, name: str | None = None, nth: int | None = None) -> str:
        """Return the named column, or the `nth` that the drill can change; empty for other drills.

        By default, it is the first number if there is one: others, such as a weekday, may have one value a day anyway.
        Raises DrillError if the model has no such column, or the drill changes none.
        """
        usable = [column.name for column in model.features if column.type in self.columns]
        if not self.columns:
            if name is not None:
                raise DrillError(f"column {name!r}: this drill changes no column: leave the column out")
            return ""
        if not usable:
            raise DrillError(
                f"{model.name} has no feature of type {' or '.join(self.columns)}: choose another drill"
            )
        if name is not None and name not in usable:
            raise DrillError(f"column {name!r}: this drill can change one of {', '.join(usable)}")
        if nth is not None:
            return usable[nth % len(usable)]
        numbers = [column.name for column in model.features if column.type == "number"]
        return name or next((column for column in numbers if column in usable), usable[0])


_SHARE = "share of the rows"
_OUTCOMES = "share of the outcomes; of numbers: shift in standard deviations"
_ANY: tuple[ColumnType, ...] = ("number", "integer", "string", "boolean")

DRILLS: Mapping[str, Drill] = {
    "pandemic": Drill(
        "the volume falls, inputs and outcomes change together",
        changes.break_regime,
        "regime_break",
        "rows",
        0.6,
        _SHARE,
        0.95,
    ),
    "recovery": Drill(
        f"a pandemic that ends after {BREAK_DAYS} days",
        changes.break_and_return,
        "regime_break",
        "rows",
        0.6,
        _SHARE,
        0.95,
    ),
    "feed": Drill(
        "a column is empty", changes.empty_column, "broken_feed", "features", 1.0, _SHARE, columns=("number",)
    ),
    "tenth": Drill(
        "a tenth of a column is empty",
        changes.empty_column,
        "broken_feed",
        "features",
        0.1,
        _SHARE,
        columns=("number",),
    ),
    "unit": Drill(
        "a number is ten times as large, as in another unit",
        changes.change_unit,
        "broken_feed",
        "features",
        10.0,
        "factor",
        None,
        columns=("number",),
    ),
    "constant": Drill(
        "a column has one value a day",
        changes.freeze_column,
        "broken_feed",
        "features",
        1.0,
        "always 1",
        columns=_ANY,
    ),
    "join": Drill(
        "predictions are shuffled among rows, as by a wrong join",
        changes.shuffle_scores,
        "broken_feed",
        "scores",
        1.0,
        "always 1",
    ),
    "constant-scores": Drill(
        "every row of a day gets the same prediction",
        changes.fix_scores,
        "broken_feed",
        "scores",
        1.0,
        "always 1",
    ),
    "late-labels": Drill(
        "outcomes stop maturing; all of them arrive later",
        changes.keep_rows,
        "stable",
        "maturity",
        21,
        "days",
        365,
    ),
    "sudden": Drill(
        "outcomes are inverted; numbers are shifted",
        changes.change_outcomes,
        "concept_drift",
        "outcomes",
        0.15,
        _OUTCOMES,
        of_numbers=1.0,
    ),
    "gradual": Drill(
        "the same, growing for 20 days",
        changes.change_gradually,
        "concept_drift",
        "outcomes",
        0.2,
        _OUTCOMES,
        of_numbers=1.0,
    ),
    "covariate": Drill(
        "most rows with a low prediction disappear; outcomes given inputs stay",
        changes.change_mix,
        "covariate_drift",
        "rows",
        0.9,
        "share of the rows in the lower half",
    ),
    "seasonal": Drill(
        "a week looks like another season, with its outcomes",
        changes.borrow_season,
        "stable",
        "features",
        26,
        "weeks back",
        520,
    ),
}
