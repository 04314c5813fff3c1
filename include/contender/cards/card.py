"""Build the card of a version from its records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from contender.records import (
    BehaviourCheck,
    CalibrationPoint,
    Caveat,
    Entry,
    Evaluation,
    Interval,
    SliceMeasures,
    TrainedVersion,
)
from contender.specs import Column, Days, ModelSpec, describe_scores
from contender.specs.frozen import Frozen

# With fewer rows, the standard error of a slice's loss is above a tenth of the standard deviation of one row's loss.
FEW_ROWS = 100
# Two of each weekday: with fewer, a bad weekday cannot be distinguished from a bad day.
FEW_DAYS = 14
MEASURE_NAMES = {
    "loss": "loss",
    "auc": "AUC",
    "brier": "Brier score",
    "log_loss": "log loss",
    "accuracy": "accuracy",
    "mean_absolute_error": "mean absolute error",
    "root_mean_squared_error": "root mean squared error",
    "coverage": "coverage of the interval",
    "interval_width": "width of the interval",
    "calibration_error": "calibration error",
    "mean_label": "mean outcome",
}


class CardError(LookupError):
    """The version has no card; the message lists the versions that have one."""


class Comparison(Frozen):
    """A measure of the version, of that night's champion and of the simple baseline."""

    name: str
    version: float | None
    champion: float | None
    baseline: float | None


class Caution(Frozen):
    """A reason not to rely on a version, found in its records."""

    about: str
    told: str


class ModelCard(Frozen):
    """The card of a version. Empty collections and None mean that something was not measured."""

    model: str
    version: int
    description: str
    owner: str
    predicts: str
    label: str
    loss: str
    serves: bool = Field(description="whether it is the champion, according to the ledger")
    made: TrainedVersion
    parameters: dict[str, int | float | str | bool]
    window_days: int | None
    features: tuple[Column, ...] = Field(description="the model's features, in order")
    evaluation: str
    judged_on: Days
    judged_rows: int
    champion: int | None = Field(description="the version that it was compared with")
    measures: tuple[Comparison, ...]
    loss_interval: Interval | None
    loss_difference: Interval | None = Field(
        description="its loss minus that of `champion`, on the same rows"
    )
    calibration: tuple[CalibrationPoint, ...]
    slices: tuple[SliceMeasures, ...]
    behaviour: tuple[BehaviourCheck, ...]
    seconds_per_million_rows: float | None
    artifact_bytes: int | None
    limits: tuple[str, ...] = Field(description="written by the model's owner in the contract")
    cautions: tuple[Caution, ...] = Field(description="found in its records")
    ledger: tuple[Entry, ...] = Field(description="the entries about the version, newest first")


def make_card(
    spec: ModelSpec,
    past_spec: ModelSpec,
    evaluation: Evaluation,
    entries: Sequence[Entry],
    caveats: Sequence[Caveat],
    serving: int | None,
) -> ModelCard:
    """Return the card of an evaluated version.

    Owner, description and limits are taken from today's contract, `spec`; recipe, columns and loss from `past_spec`,
    the contract at the time of the evaluation.
    """
    made, champion = evaluation.challenger, evaluation.champion
    recipe = next((r for r in past_spec.all_recipes if r.name == made.recipe), None)
    return ModelCard(
        model=made.model,
        version=made.version,
        description=spec.description,
        owner=spec.owner,
        predicts=describe_scores(past_spec.predicts, past_spec.classes, past_spec.quantiles),
        label=past_spec.label,
        loss=past_spec.loss,
        serves=serving == made.version,
        made=made,
        parameters=recipe.parameters if recipe else {},
        window_days=recipe.window_days if recipe else None,
        features=_read_features(past_spec, made),
        evaluation=evaluation.id,
        judged_on=evaluation.judged_on,
        judged_rows=evaluation.challenger_measures.rows,
        champion=champion.version if champion and evaluation.champion_measures else None,
        measures=tuple(_compare(evaluation)),
        loss_interval=evaluation.challenger_measures.loss_interval,
        loss_difference=evaluation.loss_difference,
        calibration=evaluation.calibration,
        slices=evaluation.slices,
        behaviour=evaluation.behaviour,
        seconds_per_million_rows=evaluation.seconds_per_million_rows,
        artifact_bytes=evaluation.artifact_bytes or made.artifact_bytes,
        limits=spec.limits,
        cautions=tuple(_caution(evaluation, entries, caveats)),
        ledger=tuple(entry for entry in entries if made.version == entry.decision.challenger),
    )


def _read_features(spec: ModelSpec, made: TrainedVersion) -> tuple[Column, ...]:
    columns = {column.name: column for column in spec.features}
    return tuple(columns[name] for name in made.features if name in columns)


def _compare(evaluation: Evaluation) -> Iterator[Comparison]:
    ours, champion = evaluation.challenger_measures, evaluation.champion_measures
    for field, name in MEASURE_NAMES.items():
        comparison = Comparison(
            name=name,
            version=getattr(ours, field),
            champion=None if champion is None else getattr(champion, field),
            baseline=getattr(evaluation.baseline_measures, field),
        )
        if comparison.version is not None:
            yield comparison


def _caution(
    evaluation: Evaluation, entries: Sequence[Entry], caveats: Sequence[Caveat]
) -> Iterator[Caution]:
    yield from (Caution(about=f"{caveat.kind} data", told=caveat.why) for caveat in caveats)
    yield from _caution_of_rows(evaluation)
    yield from _caution_of_figures(evaluation)
    yield from _caution_of_people(evaluation.challenger.version, entries)


def _caution_of_rows(evaluation: Evaluation) -> Iterator[Caution]:
    made, days = evaluation.challenger, len(evaluation.judged_on)
    if made.days_with_rows < len(made.trained_on):
        text = f"only {made.days_with_rows} of the {len(made.trained_on)} days of its window had rows"
        yield Caution(about="training data", told=text)
    if days < FEW_DAYS:
        text = (
            f"evaluated on {days} days, {evaluation.judged_on.key}: predictions may be worse in other seasons"
        )
        yield Caution(about="few days", told=text)
    for part in evaluation.slices:
        if part.rows < FEW_ROWS:
            yield Caution(
                about=f"slice {part.name}", told=f"{part.rows} rows are too few for a reliable loss"
            )


def _caution_of_figures(evaluation: Evaluation) -> Iterator[Caution]:
    if evaluation.challenger.strategy:
        text = "fitted for a break, also on the evaluated days: its measures there are too good"
        yield Caution(about="evaluation", told=text)
    if evaluation.challenger_measures.loss >= evaluation.baseline_measures.loss:
        yield Caution(about="baseline", told="on these days the simple baseline was as good or better")
    if evaluation.champion is not None and evaluation.champion_measures is None:
        champion = f"version {evaluation.champion.version}, the champion then,"
        text = (
            f"{champion} was trained on some of the evaluation's days"
            if evaluation.champion_failure is None
            else f"{champion} could not predict these rows: {evaluation.champion_failure}"
        )
        yield Caution(about="no comparison", told=text)
    if evaluation.failure is not None:
        yield Caution(about="predictions", told=f"could not predict these rows: {evaluation.failure}")
    elif evaluation.unusable_predictions:
        text = f"{evaluation.unusable_predictions:,} predictions were not finite numbers"
        yield Caution(about="predictions", told=text)
    for check in evaluation.behaviour:
        if not check.passed:
            yield Caution(about=f"behaviour {check.name!r}", told=f"failed: {check.explanation}")


def _caution_of_people(version: int, entries: Sequence[Entry]) -> Iterator[Caution]:
    for decision in (entry.decision for entry in entries):
        if decision.kind == "emergency" and decision.challenger == version:
            yield Caution(about="promoted by hand", told=f"{decision.by}: {decision.why}")
        if decision.kind == "rolled_back" and decision.champion_before == version:
            yield Caution(about="rolled back", told=f"{decision.by}: {decision.why}")
