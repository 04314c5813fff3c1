"""Records of a model's versions: training, evaluation, decisions and monitoring."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field, model_validator

from contender.records.sketches import GatedDays, HistoryChange, UsualChange
from contender.specs import Days
from contender.specs.frozen import Frozen


def accept_holds(values: object) -> object:
    """Rename the field `holds` of a stored record to `passed`: version 0.1 used the old name."""
    if isinstance(values, dict) and "holds" in values and "passed" not in values:
        return {"passed" if name == "holds" else name: value for name, value in values.items()}
    return values


class Pin(Frozen):
    """A snapshot of a table, which identifies the rows that were read until the snapshot expires."""

    table: str
    snapshot: int


class TrainedVersion(Frozen):
    """A fitted version in the registry, with everything that is needed to fit it again."""

    model: str
    version: int
    night: date
    recipe: str = Field(description="name of the recipe")
    recipe_fingerprint: str
    features: tuple[str, ...] = Field(description="columns that the pipeline receives, in order")
    trained_on: Days
    days_with_rows: int
    rows: int
    mean_label: float = Field(description="mean over the training rows; for outcomes 0 and 1, the share of 1")
    pins: tuple[Pin, ...]
    seed: int
    code_version: str
    environment: str = Field(description="fingerprint of the installed packages")
    missing_days: int = Field(
        default=0,
        description="days without rows, from the first day with rows on, that no input declares closed",
    )
    repeated_rows: int = Field(default=0, description="training rows whose key occurs more than once")
    artifact_bytes: int | None = Field(default=None, description="size of the stored pipeline")
    reload_difference: float | None = Field(
        default=None,
        description="largest difference between predictions before and after storing and loading the pipeline",
    )
    sources: dict[str, str] = Field(
        default_factory=dict, description="digest of each Python file of the model's folder, except `spec.py`"
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


class Interval(Frozen):
    """A 95 % confidence interval."""

    low: float
    high: float


class CalibrationPoint(Frozen):
    """A bin of rows with similar predictions: their mean prediction and mean outcome."""

    predicted: float
    observed: float
    rows: int


class SliceMeasures(Frozen):
    """Losses on a slice; the champion's is None if it cannot be measured on these days."""

    name: str
    rows: int
    challenger_loss: float
    champion_loss: float | None
    difference: Interval | None = Field(
        description="interval of the challenger's loss minus the champion's; 95 % for all slices of the night together"
    )


class BehaviourCheck(Frozen):
    """The result of a behaviour test. With two bounds, `bound` is the one nearer to `observed`."""

    name: str
    kind: Literal["invariance", "direction", "minimum"]
    passed: bool
    observed: float
    bound: float
    explanation: str

    @model_validator(mode="before")
    @classmethod
    def _accept_holds(cls, values: object) -> object:
        return accept_holds(values)


class Measures(Frozen):
    """Measures of predictions on some rows. Lower is better, except for `auc`; None means not applicable."""

    rows: int
    mean_label: float
    loss: float = Field(description="mean of the loss that the model's contract declares")
    auc: float | None = None
    brier: float | None = None
    log_loss: float | None = None
    mean_absolute_error: float | None = None
    root_mean_squared_error: float | None = None
    calibration_error: float = Field(description="expected calibration error, ten bins of equal size")
    loss_interval: Interval | None = Field(
        default=None, description="interval of the loss; None with fewer than two days"
    )


class Evaluation(Frozen):
    """Measures of challenger, champion and baseline on the same rows, which none of them was trained on."""

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
        default=None, description="of challenger minus champion, computed over days"
    )
    disagreement: float | None = Field(
        description="mean |challenger - champion| of predictions; for quantities, in standard deviations of outcomes"
    )
    shift: float | None = Field(
        default=None, description="mean of challenger - champion, in the same unit, with sign"
    )
    usual: UsualChange | None = Field(default=None, description="None with too few earlier refreshes")
    history: HistoryChange | None = Field(
        default=None, description="None if there is no sketch to compare with"
    )
    gates: GatedDays | None = Field(
        default=None, description="None if the book was not queried, as in a backtest"
    )
    unusable_predictions: int = Field(
        default=0, description="predictions that are not finite; measured as the mean outcome"
    )
    repeat_difference: float | None = Field(
        default=None, description="largest difference between two predictions for the same row"
    )
    calibration: tuple[CalibrationPoint, ...] = ()
    slices: tuple[SliceMeasures, ...] = ()
    behaviour: tuple[BehaviourCheck, ...] = ()
    seconds_per_million_rows: float | None = Field(default=None, description="measured prediction time")
    artifact_bytes: int | None = Field(default=None, description="size of the stored pipeline")
    contract: str | None = Field(
        default=None, description="fingerprint of the model's contract, which the book stores"
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


Question = Literal["race", "still"]


class PairedDay(Frozen):
    """One day's mean losses of two versions on the same rows, both fitted before that day.

    Question `race`: is another recipe's newest version better than the newest version of the champion's recipe?
    Question `still`: would the version that served some weeks ago, never refreshed, be better than the newest refresh?
    """

    id: str
    model: str
    question: Question
    day: date
    incumbent: str = Field(description="fingerprint of the champion's recipe")
    rival: str = Field(
        description="fingerprint of the other recipe; `still` for the version that was not refreshed"
    )
    incumbent_version: int
    rival_version: int
    incumbent_loss: float
    rival_loss: float
    rows: int
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def difference(self) -> float:
        """The incumbent's loss minus the rival's; positive if the rival is better."""
        return self.incumbent_loss - self.rival_loss


class Evidence(Frozen):
    """The evidence (e-value) for a rival from the paired days since `since`. `bar` is the threshold."""

    question: Question
    incumbent: str | None = Field(
        default=None, description="what the rival is compared with, as in a paired day"
    )
    rival: str
    value: float
    bar: float
    days: int = Field(description="paired days")
    since: date
    enough: bool = Field(description="whether the evidence has reached the threshold with no outcome pending")
    cuts: tuple[float, ...] = Field(
        default=(),
        description="limits to which the newest day's difference was clipped, in units of the loss: one for each bet "
        "size, smallest bet first; empty if no bet was made",
    )
    until: date | None = Field(default=None, description="the newest paired day")
    pairs: str | None = Field(default=None, description="fingerprint of the paired days and their losses")


class Standing(Frozen):
    """A model's state according to its ledger, once it has a champion."""

    champion: int
    since: date = Field(description="night in which the current sequential tests started")
    suspended: str | None = Field(
        description="why refreshes must pass a sequential test, as rivals must; None if they need not"
    )


class Grounds(Frozen):
    """The inputs of a decision besides its evaluation and evidence, stored so that it can be replayed."""

    evaluations: tuple[str, ...] = Field(
        description="ids of the evaluations of the night's versions, in the order of the recipes"
    )
    standing: Standing | None
    guards: dict[str, float | int | str | bool | None] = Field(description="the guards' bounds, by name")
    contract: str | None = Field(description="fingerprint of the model's contract, which the book stores")


class Decision(Frozen):
    """A promotion decision: what was decided, based on what, and by whom."""

    id: str
    model: str
    night: date
    kind: Literal["first", "refreshed", "held", "promoted", "rolled_back", "resumed", "emergency"]
    evaluation: str | None
    champion_before: int | None
    champion_after: int | None
    challenger: int
    champion_recipe: str | None = Field(default=None, description="fingerprint, before the decision")
    challenger_recipe: str | None = Field(default=None, description="fingerprint")
    reasons: tuple[Reason, ...]
    evidence: tuple[Evidence, ...] = ()
    grounds: Grounds | None = None
    pins: tuple[Pin, ...] = ()
    seed: int | None = None
    code_version: str | None = None
    environment: str | None = None
    by: str = Field(default="contender", description="who decided: a person's name, or `contender`")
    why: str | None = Field(default=None, description="a person's reason")
    approved_by: str | None = None
    answered_at: datetime | None = Field(default=None, description="when a person approved or rejected it")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def promoted(self) -> bool:
        """Whether the challenger becomes the champion."""
        return self.kind in ("first", "refreshed", "promoted")

    @property
    def changes_recipe(self) -> bool:
        """Whether the promotion changes the recipe. A refresh that had to pass a sequential test does not."""
        return self.kind == "promoted" and self.challenger_recipe != self.champion_recipe

    def summary(self) -> tuple[str, ...]:
        """Return the decision in one line, then one line for each guard."""
        return (
            f"{self.model} night {self.night}: version {self.challenger} {self.kind}; serving: {self.champion_after}",
            *(f"{'passed ' if r.passed else 'BLOCKED'} {r.guard}: {r.explanation}" for r in self.reasons),
        )


DriftVerdict = Literal["stable", "broken_feed", "covariate_drift", "concept_drift", "regime_break"]


class Monitored(Frozen):
    """The monitoring result of a scored day: measures of its predictions, drift of its features, and a verdict."""

    id: str
    model: str
    day: date
    version: int | None
    measures: Measures | None = Field(description="None if nothing was scored for that day")
    expected_loss: float | None = Field(description="loss in the version's last evaluation")
    drifted_share: float | None
    drifted: tuple[str, ...] = ()
    verdict: DriftVerdict
    action: str
    report: str | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
