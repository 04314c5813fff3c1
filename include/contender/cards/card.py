"""A version's card, made from records alone."""

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
from contender.specs import Column, Days, ModelSpec
from contender.specs.frozen import Frozen

# Below as many rows a slice's loss says little: its standard error is some ten percent of the deviation of a row's.
FEW_ROWS = 100
# A week has every weekday once. Fewer days than two of each cannot tell a bad weekday from a bad day.
FEW_DAYS = 14
MEASURE_NAMES = {
    "loss": "loss",
    "auc": "AUC",
    "brier": "Brier score",
    "log_loss": "log loss",
    "mean_absolute_error": "mean absolute error",
    "root_mean_squared_error": "root mean squared error",
    "calibration_error": "calibration error",
    "mean_label": "mean outcome",
}


class CardError(LookupError):
    """There is no card of that version; the message says of which there is one."""


class Comparison(Frozen):
    """A measure of the version beside those of the champion of that night and of the simple baseline."""

    name: str
    version: float | None
    champion: float | None
    baseline: float | None


class Caution(Frozen):
    """What its records say against relying on a version."""

    about: str
    told: str


class ModelCard(Frozen):
    """All that is known of a version. Empty collections and None stand for what was not measured."""

    model: str
    version: int
    description: str
    owner: str
    predicts: str
    label: str
    loss: str
    serves: bool = Field(description="whether it is the champion, by the ledger")
    made: TrainedVersion
    parameters: dict[str, int | float | str | bool]
    window_days: int | None
    features: tuple[Column, ...] = Field(description="what it sees, in order")
    evaluation: str
    judged_on: Days
    judged_rows: int
    champion: int | None = Field(description="the version that it was held against")
    measures: tuple[Comparison, ...]
    loss_interval: Interval | None
    calibration: tuple[CalibrationPoint, ...]
    slices: tuple[SliceMeasures, ...]
    behaviour: tuple[BehaviourCheck, ...]
    seconds_per_million_rows: float | None
    artifact_bytes: int | None
    limits: tuple[str, ...] = Field(description="written by the model's owner in its contract")
    cautions: tuple[Caution, ...] = Field(description="told by its records")
    ledger: tuple[Entry, ...] = Field(description="the entries about it, newest first")


def make_card(
    spec: ModelSpec,
    then: ModelSpec,
    evaluation: Evaluation,
    entries: Sequence[Entry],
    caveats: Sequence[Caveat],
    serving: int | None,
) -> ModelCard:
    """The card of the version that an evaluation is about.

    Owner, description and limits are today's, `spec`; recipe, columns and loss those that it was judged by, `then`.
    """
    made, champion = evaluation.challenger, evaluation.champion
    recipe = next((r for r in then.recipes if r.name == made.recipe), None)
    columns = {column.name: column for column in then.features}
    return ModelCard(
        model=made.model,
        version=made.version,
        description=spec.description,
        owner=spec.owner,
        predicts=then.predicts,
        label=then.label,
        loss=then.loss,
        serves=serving == made.version,
        made=made,
        parameters=recipe.parameters if recipe else {},
        window_days=recipe.window_days if recipe else None,
        features=tuple(columns[name] for name in made.features if name in columns),
        evaluation=evaluation.id,
        judged_on=evaluation.judged_on,
        judged_rows=evaluation.challenger_measures.rows,
        champion=champion.version if champion and evaluation.champion_measures else None,
        measures=tuple(_compare(evaluation)),
        loss_interval=evaluation.challenger_measures.loss_interval,
        calibration=evaluation.calibration,
        slices=evaluation.slices,
        behaviour=evaluation.behaviour,
        seconds_per_million_rows=evaluation.seconds_per_million_rows,
        artifact_bytes=evaluation.artifact_bytes or made.artifact_bytes,
        limits=spec.limits,
        cautions=tuple(_caution(evaluation, entries, caveats)),
        ledger=tuple(entry for entry in entries if made.version == entry.decision.challenger),
    )


def _compare(evaluation: Evaluation) -> Iterator[Comparison]:
    ours, champion = evaluation.challenger_measures, evaluation.champion_measures
    for field, name in MEASURE_NAMES.items():
        found = Comparison(
            name=name,
            version=getattr(ours, field),
            champion=None if champion is None else getattr(champion, field),
            baseline=getattr(evaluation.baseline_measures, field),
        )
        if found.version is not None:
            yield found


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
        told = f"{made.days_with_rows} of the {len(made.trained_on)} days of its window had rows"
        yield Caution(about="training data", told=told)
    if days < FEW_DAYS:
        told = f"judged on {days} days, {evaluation.judged_on.key}: other seasons may be foretold less well"
        yield Caution(about="few days", told=told)
    for part in evaluation.slices:
        if part.rows < FEW_ROWS:
            yield Caution(about=f"slice {part.name}", told=f"{part.rows} rows are too few to judge it by")


def _caution_of_figures(evaluation: Evaluation) -> Iterator[Caution]:
    if evaluation.challenger_measures.loss >= evaluation.baseline_measures.loss:
        yield Caution(about="baseline", told="on these days the simple baseline did as well, or better")
    if evaluation.champion is not None and evaluation.champion_measures is None:
        told = f"version {evaluation.champion.version}, the champion then, was fitted on days that it was judged on"
        yield Caution(about="no comparison", told=told)
    if evaluation.unusable_predictions:
        told = f"{evaluation.unusable_predictions:,} predictions were no finite number"
        yield Caution(about="predictions", told=told)
    for check in evaluation.behaviour:
        if not check.passed:
            yield Caution(about=f"behaviour {check.name!r}", told=f"broken: {check.explanation}")


def _caution_of_people(version: int, entries: Sequence[Entry]) -> Iterator[Caution]:
    for decision in (entry.decision for entry in entries):
        if decision.kind == "emergency" and decision.challenger == version:
            yield Caution(about="put in place by hand", told=f"{decision.by}: {decision.why}")
        if decision.kind == "rolled_back" and decision.champion_before == version:
            yield Caution(about="rolled back", told=f"{decision.by}: {decision.why}")
