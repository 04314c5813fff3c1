"""The kinds of prediction in contracts: for each, its losses, its label, and its score columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from contender.specs.columns import Column, ColumnType
from contender.specs.expectations import Between, Expectation, InSet

LossName = Literal["brier", "log_loss", "squared", "absolute", "pinball", "cost"]
KindName = Literal["probability", "quantity", "class", "quantiles"]


class Kind(NamedTuple):
    """What a contract must know of a kind of prediction; its arithmetic is in `contender.measures`."""

    losses: tuple[LossName, ...]
    label: ColumnType
    probabilities: bool  # whether scores are probabilities
    several: bool  # whether a row has several scores


KINDS: dict[KindName, Kind] = {
    "probability": Kind(("brier", "log_loss"), "integer", probabilities=True, several=False),
    "quantity": Kind(("squared", "absolute"), "number", probabilities=False, several=False),
    "class": Kind(("log_loss", "brier"), "string", probabilities=True, several=True),
    "quantiles": Kind(("pinball",), "number", probabilities=False, several=True),
}
SCORED_BY = (
    Column(name="model_version", type="integer", description="the version that scored the row"),
    Column(name="feature_snapshot", type="integer", description="snapshot of the feature table"),
)
# A contract of these kinds may leave out its loss. That of a probability is the field's own default.
DEFAULT_LOSSES: dict[KindName, LossName] = {"class": "log_loss", "quantiles": "pinball"}


def score_columns(classes: Sequence[str], quantiles: Sequence[float]) -> tuple[Column, ...]:
    """Return the columns of a prediction: one per class or quantile, else the single column `score`.

    They depend on the contract only, never on the labels of a fit.
    """
    if classes:
        return tuple(
            Column(name=f"score_{name}", type="number", description=f"the predicted probability of {name}")
            for name in classes
        )
    if quantiles:
        return tuple(
            Column(
                name=f"score_{name_quantile(q)}", type="number", description=f"the predicted {q:g} quantile"
            )
            for q in quantiles
        )
    return (Column(name="score", type="number", description="the predicted probability, or quantity"),)


def describe_scores(predicts: str, classes: Sequence[str], quantiles: Sequence[float]) -> str:
    """Return what is predicted in words: `predicts`, with the classes or quantiles."""
    if quantiles:
        return f"{predicts}, quantiles " + ", ".join(f"{q:g}" for q in quantiles)
    return predicts + (f": {', '.join(classes)}" if classes else "")


def name_quantile(quantile: float) -> str:
    """Return the name of a quantile: `q10` for 0.1, `q2_5` for 0.025."""
    return f"q{100 * quantile:g}".replace(".", "_").replace("-", "_")


def score_expectations(kind: KindName, scores: Sequence[Column]) -> tuple[Expectation, ...]:
    """Return the expectations of the score columns: probabilities are between 0 and 1."""
    if not KINDS[kind].probabilities:
        return ()
    return tuple(Between(column=column.name, low=0, high=1) for column in scores)


def label_expectations(kind: KindName, classes: tuple[str, ...]) -> tuple[Expectation, ...]:
    """Return the expectations of the label: 0 or 1, or one of the declared classes."""
    if classes:
        return (InSet(column="label", values=classes),)
    return (Between(column="label", low=0, high=1),) if kind == "probability" else ()


def with_default_loss(values: object) -> object:
    """Return the values of a contract with the default loss of its kind, if they have none."""
    if not isinstance(values, dict) or "loss" in values:
        return values
    kind = "quantiles" if values.get("quantiles") else values.get("predicts")
    return values | {"loss": DEFAULT_LOSSES[kind]} if kind in DEFAULT_LOSSES else values


def check_loss(loss: LossName, kind: KindName) -> None:
    """Raise ValueError if predictions of this kind cannot be evaluated by a loss."""
    usable = (*KINDS[kind].losses, "cost")
    if loss not in usable:
        given = "quantiles" if kind == "quantiles" else f"predicts={kind!r}"
        raise ValueError(f"loss: {loss!r} cannot be used with {given}: use one of " + ", ".join(usable))


def check_scores(predicts: str, classes: Sequence[str], quantiles: Sequence[float]) -> None:
    """Raise ValueError if the classes or quantiles do not fit together, or do not fit what is predicted."""
    if (predicts == "class") != bool(classes):
        raise ValueError(
            "classes: name the classes, such as classes=('early', 'on_time', 'late')"
            if predicts == "class"
            else f"classes: cannot be used with predicts={predicts!r}: remove them, or set predicts='class'"
        )
    if predicts == "class" and len(classes) < 2:
        raise ValueError("classes: a single class needs no prediction: name at least two")
    for name in classes:
        if classes.count(name) > 1:
            raise ValueError(f"classes: {name!r} is declared twice: remove one")
    if quantiles and predicts != "quantity":
        raise ValueError(
            f"quantiles: cannot be used with predicts={predicts!r}: remove them, or set predicts='quantity'"
        )
    if len(quantiles) == 1:
        raise ValueError("quantiles: a single one has no interval: give at least two, such as (0.1, 0.9)")
    if any(not 0 < q < 1 for q in quantiles) or list(quantiles) != sorted(quantiles):
        raise ValueError("quantiles: give levels between 0 and 1 in ascending order, such as (0.1, 0.5, 0.9)")
    if len({name_quantile(q) for q in quantiles}) < len(quantiles):
        raise ValueError("quantiles: two levels are equal or almost equal: remove one")
