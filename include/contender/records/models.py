"""Records about a model's versions: training, evaluation, decision and monitoring."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field, model_validator

from contender.records.evidence import Evidence
from contender.records.measurements import (
    BehaviourCheck,
    CalibrationPoint,
    Interval,
    Measures,
    OutcomeChange,
    SliceMeasures,
    accept_holds,
)
from contender.records.sketches import GatedDays, HistoryChange, UsualChange
from contender.specs import Days
from contender.specs.frozen import Frozen


class Pin(Frozen):
    """A snapshot of a table that was read. Its rows can be read again for as long as the snapshot is kept."""

    table: str
    snapshot: int


class TrainedVersion(Frozen):
    """A fitted version in the registry, with everything that is needed to fit it again."""

    model: str
    version: int
    night: date
    recipe: str = Field(description="name of the recipe")
    recipe_fingerprint: str
    features: tuple[str, ...] = Field(description="columns that its pipeline reads, in order")
    weight: str | None = Field(default=None, description="column that weighted the training rows")
    trained_on: Days
    days_with_rows: int
    rows: int
    drawn_from: int | None = Field(
        default=None, description="rows of the training days, if it was trained on a sample of them"
    )
    mean_label: float | None = Field(
        description="mean label of the training rows; for outcomes 0 and 1, the share of 1; None for classes"
    )
    label_shares: dict[str, float] = Field(
        default_factory=dict, description="share of each declared class among the training rows"
    )
    pins: tuple[Pin, ...]
    seed: int
    code_version: str
    environment: str = Field(description="fingerprint of the installed packages")
    missing_days: int = Field(
        default=0,
        description="days without rows after the first day with rows that no closed input explains",
    )
    repeated_rows: int = Field(default=0, description="training rows whose key occurs more than once")
    artifact_bytes: int | None = Field(default=None, description="size of the stored pipeline")
    reload_difference: float | None = Field(
        default=None,
        description="largest difference between predictions before and after storing and loading the pipeline",
    )
    sources: dict[str, str] = Field(
        default_factory=dict, description="digest of each file of the model's folder except the contract"
    )
    strategy: bool = Field(
        default=False,
        description="fitted only in a break, also on the days of its evaluation: their losses are those of a fit",
    )


class Caveat(Frozen):
    """A note on a version: its training data was later replaced, or was released by hand."""

    id: str
    model: str
    version: int
    kind: Literal["superseded", "released"]
    table: str
    days: Days
    why: str
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Evaluation(Frozen):
    """The measures of champion, challenger and baseline on the same rows, which none of them was fitted on."""

    id: str
    model: str
    night: date
    judged_on: Days
    challenger: TrainedVersion
    champion: TrainedVersion | None
    challenger_measures: Measures
    champion_measures: Measures | None
    baseline_measures: Measures
    loss_difference: Interval | None = Field(
        default=None, description="challenger's loss minus champion's, computed by day"
    )
    calibration_difference: Interval | None = Field(
        default=None,
        description="challenger's calibration error minus champion's, by the jackknife over days; None in old records",
    )
    disagreement: float | None = Field(
        description="mean |challenger - champion| of predictions; for quantities, in standard deviations of "
        "outcomes; for classes, mean total variation distance"
    )
    shift: float | None = Field(
        default=None,
        description="mean (challenger - champion) of predictions, in the same unit; for classes, the distance "
        "of the means",
    )
    usual: UsualChange | None = Field(default=None, description="None with too few earlier refreshes")
    history: HistoryChange | None = Field(
        default=None, description="None if there is no sketch to compare with"
    )
    gates: GatedDays | None = Field(default=None, description="None if gates were not looked up")
    outcomes: OutcomeChange | None = Field(default=None, description="None if they were not compared")
    failure: str | None = Field(
        default=None,
        description="why the challenger could not predict these rows; its predictions are then unusable",
    )
    champion_failure: str | None = Field(
        default=None, description="why the champion could not predict these rows; it is then not measured"
    )
    unusable_predictions: int = Field(
        default=0,
        description="predictions that are not finite; measured as the mean outcome (for classes, their shares)",
    )
    repeat_difference: float | None = Field(
        default=None, description="largest difference between two predictions of the same row"
    )
    calibration: tuple[CalibrationPoint, ...] = ()
    slices: tuple[SliceMeasures, ...] = ()
    behaviour: tuple[BehaviourCheck, ...] = ()
    seconds_per_million_rows: float | None = Field(default=None, description="measured prediction time")
    artifact_bytes: int | None = Field(default=None, description="size of the stored pipeline")
    contract: str | None = Field(
        default=None, description="fingerprint of the model's contract, which the book stores"
    )
    criteria: str | None = Field(
        default=None, description="fingerprint of the loss, behaviour tests, slices and guards' bounds"
    )
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Reason(Frozen):
    """The result of one guard for a challenger."""

    guard: str
    passed: bool
    observed: float | None
    bound: float | None
    explanation: str

    @model_validator(mode="before")
    @classmethod
    def _accept_holds(cls, values: object) -> object:
        return accept_holds(values)


class Standing(Frozen):
    """The state of a model with a champion, according to its ledger."""

    champion: int
    since: date = Field(description="night in which the current sequential tests started")
    suspended: str | None = Field(
        description="why refreshes must pass a sequential test like rivals; None if they need not"
    )
    held_nights: int = Field(
        default=0, description="nights in a row, up to the last one, in which refreshes were held"
    )
    rule: int = Field(default=1, description="rule of the sequential test for rivals, as in `Evidence`")
    earlier: tuple[date, ...] = Field(
        default=(), description="nights in which earlier tests of the champion's recipe started, oldest first"
    )
    recipe: str | None = Field(
        default=None, description="fingerprint of the recipe that is refreshed; None in old records"
    )
    broken: date | None = Field(default=None, description="night in which the open break began")
    kept: int | None = Field(default=None, description="version that served before the break")
    inputs_broke: bool = Field(default=False, description="whether the inputs changed in the open break, too")


class Grounds(Frozen):
    """The further inputs of a decision, besides its evaluation and evidence, so that it can be repeated later."""

    evaluations: tuple[str, ...] = Field(
        description="ids of the evaluations of the night, in the order of the recipes"
    )
    standing: Standing | None
    guards: dict[str, float | int | str | bool | None] = Field(description="bounds of the guards, by name")
    contract: str | None = Field(description="fingerprint of the model's contract, kept in the book")


class Decision(Frozen):
    """A decision in the promotion ledger: what was decided, on which grounds, and by whom."""

    id: str
    model: str
    night: date
    kind: Literal[
        "first",
        "refreshed",
        "held",
        "promoted",
        "recovered",
        "returned",
        "rolled_back",
        "resumed",
        "emergency",
    ]
    evaluation: str | None
    champion_before: int | None
    champion_after: int | None
    challenger: int
    champion_recipe: str | None = Field(
        default=None, description="fingerprint of the champion's recipe before the decision"
    )
    challenger_recipe: str | None = Field(default=None, description="fingerprint of the challenger's recipe")
    reasons: tuple[Reason, ...]
    evidence: tuple[Evidence, ...] = ()
    grounds: Grounds | None = None
    pins: tuple[Pin, ...] = ()
    seed: int | None = None
    code_version: str | None = None
    environment: str | None = None
    by: str = Field(default="contender", description="a person, or `contender`")
    why: str | None = Field(default=None, description="a person's reason")
    approved_by: str | None = None
    answered_at: datetime | None = Field(default=None, description="when a person approved or rejected it")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def promoted(self) -> bool:
        """Whether the decision makes the challenger the champion."""
        return self.kind in ("first", "refreshed", "promoted", "recovered", "returned")

    @property
    def of_break(self) -> bool:
        """Whether it promotes a strategy in a break, or ends the break: the choice with the lowest measured loss."""
        return self.kind in ("recovered", "returned")

    @property
    def changes_recipe(self) -> bool:
        """Whether the promoted version has another recipe than the champion."""
        return (self.kind == "promoted" or self.of_break) and self.challenger_recipe != self.champion_recipe

    def summary(self) -> tuple[str, ...]:
        """Return the decision in one line, then one line for each guard."""
        return (
            f"{self.model} night {self.night}: version {self.challenger} {self.kind}; serving: {self.champion_after}",
            *(f"{'passed ' if r.passed else 'BLOCKED'} {r.guard}: {r.explanation}" for r in self.reasons),
        )
