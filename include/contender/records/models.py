"""What is known of a model's versions: how they were made, how they did, what was decided, what followed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field

from contender.records.sketches import GatedDays, HistoryChange, UsualChange
from contender.specs import Days
from contender.specs.frozen import Frozen


class Pin(Frozen):
    """One snapshot of one table: the very rows that were read, for as long as the snapshot is kept."""

    table: str
    snapshot: int


class TrainedVersion(Frozen):
    """A fitted version in the registry, with what is needed to fit it again."""

    model: str
    version: int
    night: date
    recipe: str = Field(description="name of the recipe")
    recipe_fingerprint: str
    features: tuple[str, ...] = Field(description="what its pipeline sees, in order")
    trained_on: Days
    days_with_rows: int
    rows: int
    mean_label: float = Field(description="over the rows of the fit; of outcomes 0 or 1, the share of 1")
    pins: tuple[Pin, ...]
    seed: int
    code_version: str
    environment: str = Field(description="fingerprint of the installed packages")
    missing_days: int = Field(
        default=0,
        description="from the first day with rows on: days without, which no input declares closed",
    )
    repeated_rows: int = Field(default=0, description="whose key another row of the fit has, too")
    artifact_bytes: int | None = Field(default=None, description="of the pipeline as it is stored")
    reload_difference: float | None = Field(
        default=None, description="largest difference of a prediction once it was stored and loaded again"
    )
    sources: dict[str, str] = Field(
        default_factory=dict, description="digest of each file of the model's folder, its contract left out"
    )


class Caveat(Frozen):
    """What must be said of a version besides its measures."""

    id: str
    model: str
    version: int
    kind: Literal["superseded", "released"]
    table: str
    days: Days
    why: str
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Interval(Frozen):
    """Where a figure lies with 95 % confidence."""

    low: float
    high: float


class CalibrationPoint(Frozen):
    """A bin of rows of like predictions: what was foretold of them on average, and what came."""

    predicted: float
    observed: float
    rows: int


class SliceMeasures(Frozen):
    """How well a named part of the rows was foretold; the champion's is None where it cannot be judged."""

    name: str
    rows: int
    challenger_loss: float
    champion_loss: float | None
    difference: Interval | None = Field(
        description="of the challenger's loss minus the champion's; 95 % for all slices of the night together"
    )


class BehaviourCheck(Frozen):
    """What a behaviour test of the model's folder found of a version. `bound` is the nearer one of two."""

    name: str
    kind: Literal["invariance", "direction", "minimum"]
    holds: bool
    observed: float
    bound: float
    explanation: str


class Measures(Frozen):
    """How well outcomes were foretold on some rows; lower is better but for `auc`. None is what does not apply."""

    rows: int
    mean_label: float
    loss: float = Field(description="the mean of the model's own loss, by which it is judged")
    auc: float | None = None
    brier: float | None = None
    log_loss: float | None = None
    mean_absolute_error: float | None = None
    root_mean_squared_error: float | None = None
    calibration_error: float = Field(description="expected calibration error, ten bins of equal size")
    loss_interval: Interval | None = Field(
        default=None, description="of the loss; None with fewer than two days"
    )


class Evaluation(Frozen):
    """Champion, challenger and baseline on the same rows, which none of them was fitted on."""

    id: str
    model: str
    night: date
    judged_on: Days
    challenger: TrainedVersion
    champion: TrainedVersion | None
    challenger_measures: Measures
    champion_measures: Measures | None
    baseline_measures: Measures
    loss_difference: Interval | None = Field(default=None, description="challenger - champion, days counted")
    disagreement: float | None = Field(
        description="mean |challenger - champion| of the prediction; of quantities, in standard deviations of outcomes"
    )
    shift: float | None = Field(default=None, description="the same of challenger - champion, with its sign")
    usual: UsualChange | None = Field(default=None, description="None with too few past refreshes")
    history: HistoryChange | None = Field(default=None, description="None where nothing is kept to compare")
    gates: GatedDays | None = Field(default=None, description="None where the book was not asked")
    unusable_predictions: int = Field(default=0, description="not finite; measured as the mean outcome")
    repeat_difference: float | None = Field(
        default=None, description="largest difference of a prediction that is made twice"
    )
    calibration: tuple[CalibrationPoint, ...] = ()
    slices: tuple[SliceMeasures, ...] = ()
    behaviour: tuple[BehaviourCheck, ...] = ()
    seconds_per_million_rows: float | None = Field(default=None, description="of a prediction, measured")
    artifact_bytes: int | None = Field(default=None, description="of the stored pipeline")
    contract: str | None = Field(
        default=None, description="fingerprint of the model's contract, kept in the book"
    )
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Reason(Frozen):
    """One guard's word on a challenger."""

    guard: str
    holds: bool
    observed: float | None
    bound: float | None
    explanation: str


Question = Literal["race", "still"]


class PairedDay(Frozen):
    """One day's mean losses of two versions, both fitted before it, over the same rows.

    `race`: may another recipe's newest version take the place of the champion recipe's newest? `still`: would the
    version that served some weeks ago, kept still, have done better than the newest refresh?
    """

    id: str
    model: str
    question: Question
    day: date
    incumbent: str = Field(description="what is in place: the fingerprint of the champion's recipe")
    rival: str = Field(description="the fingerprint of the other recipe; `still` for the one kept still")
    incumbent_version: int
    rival_version: int
    incumbent_loss: float
    rival_loss: float
    rows: int
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def difference(self) -> float:
        """How much less the rival lost."""
        return self.incumbent_loss - self.rival_loss


class Evidence(Frozen):
    """What the paired days since `since` say for a rival; at `bar`, it is enough."""

    question: Question
    incumbent: str | None = Field(default=None, description="what it is held against, as in a paired day")
    rival: str
    value: float
    bar: float
    days: int = Field(description="paired days")
    since: date
    enough: bool = Field(description="whether it stands at the bar with no outcome pending")
    cuts: tuple[float, ...] = Field(
        default=(),
        description="beyond which the newest day's difference did not count, in units of the loss, a bet each from the "
        "timid to the bold; empty when it was not bet on",
    )
    until: date | None = Field(default=None, description="the newest paired day")
    pairs: str | None = Field(default=None, description="fingerprint of the paired days and their losses")


class Standing(Frozen):
    """Where the ledger of a model that has a champion has come to."""

    champion: int
    since: date = Field(description="the night in which the present races began")
    suspended: str | None = Field(
        description="why refreshes have to win as rivals do; None when they need not"
    )


class Grounds(Frozen):
    """What a decision was made with beside its evaluation and evidence, so that it can be made again years later."""

    evaluations: tuple[str, ...] = Field(
        description="ids, of the night's versions in the order of their recipes"
    )
    standing: Standing | None
    guards: dict[str, float | int | str | bool | None] = Field(description="the bounds in force, by name")
    contract: str | None = Field(description="fingerprint of the model's contract, kept in the book")


class Decision(Frozen):
    """An entry of the promotion ledger: what was decided, on which grounds, by whom."""

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
    by: str = Field(default="contender", description="who or what decided")
    why: str | None = Field(default=None, description="a person's reason")
    approved_by: str | None = None
    answered_at: datetime | None = Field(default=None, description="when a person approved or refused")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def promoted(self) -> bool:
        """Whether the challenger serves from now on."""
        return self.kind in ("first", "refreshed", "promoted")

    @property
    def changes_recipe(self) -> bool:
        """Whether another recipe than the champion's would serve; a refresh may have to win, too."""
        return self.kind == "promoted" and self.challenger_recipe != self.champion_recipe

    def tell(self) -> tuple[str, ...]:
        """The decision in a line, then a line for each reason."""
        words = [f"{r.guard}: {r.explanation}" for r in self.reasons]
        return (
            f"{self.model} night {self.night}: version {self.challenger} {self.kind}; serving: {self.champion_after}",
            *(f"{'holds ' if r.holds else 'SPEAKS'} {w}" for r, w in zip(self.reasons, words, strict=True)),
        )


DriftVerdict = Literal["stable", "broken_feed", "covariate_drift", "concept_drift", "regime_break"]


class Monitored(Frozen):
    """A scored day held against its outcomes, and its features against those of the weeks before."""

    id: str
    model: str
    day: date
    version: int | None
    measures: Measures | None = Field(description="None when nothing was scored for that day")
    expected_loss: float | None = Field(description="of the version's last evaluation")
    drifted_share: float | None
    drifted: tuple[str, ...] = ()
    verdict: DriftVerdict
    action: str
    report: str | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
