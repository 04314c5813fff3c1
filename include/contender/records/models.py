"""What is known of a model's versions: how they were made, how they did, what was decided, what followed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field

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
    positives: int
    pins: tuple[Pin, ...]
    seed: int
    code_version: str
    environment: str = Field(description="fingerprint of the installed packages")


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


class Measures(Frozen):
    """How well probabilities foretold outcomes on some rows; lower is better but for `auc`."""

    rows: int
    positives: int
    auc: float | None = Field(description="None when only one outcome occurs")
    brier: float
    log_loss: float
    calibration_error: float = Field(description="expected calibration error, ten bins of equal size")


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
    disagreement: float | None = Field(description="mean |challenger - champion| of the probability")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Reason(Frozen):
    """One guard's word on a challenger."""

    guard: str
    holds: bool
    observed: float | None
    bound: float | None
    explanation: str


class Decision(Frozen):
    """An entry of the promotion ledger."""

    id: str
    model: str
    night: date
    kind: Literal["first", "refreshed", "held"]
    evaluation: str
    champion_before: int | None
    champion_after: int | None
    challenger: int
    reasons: tuple[Reason, ...]
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def promoted(self) -> bool:
        """Whether the challenger serves from now on."""
        return self.kind != "held"


DriftVerdict = Literal["stable", "broken_feed", "covariate_drift", "concept_drift", "regime_break"]


class Monitored(Frozen):
    """A scored day held against its outcomes, and its features against those of the weeks before."""

    id: str
    model: str
    day: date
    version: int | None
    measures: Measures | None = Field(description="None when nothing was scored for that day")
    expected_brier: float | None = Field(description="of the version's last evaluation")
    drifted_share: float | None
    drifted: tuple[str, ...] = ()
    verdict: DriftVerdict
    action: str
    report: str | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
