"""Compare two versions of a model by their cards: what was fitted, on which data, and how good it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field

from contender.cards.card import Comparison, ModelCard
from contender.records import Interval
from contender.specs.frozen import Frozen


class Fact(Frozen):
    """A fact about both versions, as text."""

    name: str
    first: str
    second: str

    @property
    def same(self) -> bool:
        """Whether it is the same for both."""
        return self.first == self.second


class ComparedMeasure(Frozen):
    """A measure of both versions, or their loss on a slice, each on its own evaluation's days; None if not measured.

    `direct` is that of the first version on the days of the second's evaluation, if it was the champion then.
    """

    name: str
    first: float | None
    second: float | None
    direct: float | None


class ComparedVersions(Frozen):
    """Two versions of a model side by side."""

    model: str
    first: int
    second: int
    answer: str
    difference: Interval | None = Field(
        description="second's loss minus first's on the same rows, at 95 %; None if there are no such rows"
    )
    facts: tuple[Fact, ...]
    measures: tuple[ComparedMeasure, ...]
    slices: tuple[ComparedMeasure, ...]


def compare_cards(first: ModelCard, second: ModelCard) -> ComparedVersions:
    """Return the comparison of two cards of a model.

    Only if one version was the champion in the other's evaluation were both measured on the same rows; that version
    then comes first, whatever the order of the arguments.
    """
    if first.champion == second.version:
        first, second = second, first
    met = second.champion == first.version
    loss = {measure.name: measure for measure in second.measures}.get("loss")
    return ComparedVersions(
        model=second.model,
        first=first.version,
        second=second.version,
        answer=_answer(first, second, loss if met else None),
        difference=second.loss_difference if met else None,
        facts=tuple(_facts(first, second)),
        measures=tuple(_measures(first, second, met=met)),
        slices=tuple(_slices(first, second, met=met)),
    )


def _answer(first: ModelCard, second: ModelCard, loss: Comparison | None) -> str:
    if first.version == second.version:
        return f"Both are version {first.version}."
    if loss is None or loss.version is None or not loss.champion:
        return (
            f"Versions {first.version} and {second.version} were never measured on the same rows: compare each with "
            "the simple baseline on its own days."
        )
    change, found = loss.version / loss.champion - 1, second.loss_difference
    chance = ""
    if found is not None and found.low <= 0 <= found.high:
        chance = " The interval of the difference includes zero: this may be chance."
    return (
        f"On {second.judged_on.key}, {second.judged_rows:,} rows, the loss of version {second.version} was "
        f"{abs(change):.2%} {'lower' if change < 0 else 'higher'} than that of version {first.version}.{chance}"
    ).replace("%", " %")


def _facts(first: ModelCard, second: ModelCard) -> Iterator[Fact]:
    ours, theirs = (dict(_describe(card)) for card in (first, second))
    yield from (Fact(name=name, first=ours[name], second=theirs[name]) for name in ours)
    yield from _differences("features", _columns(first), _columns(second))
    yield from _differences("files", first.made.sources, second.made.sources)
    tables = dict.fromkeys(pin.table for card in (first, second) for pin in card.made.pins)
    for table in tables:
        yield Fact(
            name=f"snapshot of {table}", first=_snapshot(first, table), second=_snapshot(second, table)
        )


def _describe(card: ModelCard) -> Iterator[tuple[str, str]]:
    made = card.made
    yield "recipe", f"{made.recipe} {made.recipe_fingerprint}"
    yield "parameters", ", ".join(f"{name}={value}" for name, value in card.parameters.items()) or "none"
    yield "trained on", made.trained_on.key
    yield "training rows", f"{made.rows:,}"
    yield "days with rows", str(made.days_with_rows)
    if made.mean_label is None:
        yield (
            "outcomes",
            ", ".join(f"{share:.1%} {name}" for name, share in sorted(made.label_shares.items())),
        )
    else:
        yield "mean outcome", f"{made.mean_label:.4f}"
    yield "weights", made.weight or "none"
    yield "night", str(made.night)
    yield "evaluated on", card.judged_on.key
    yield "seed", str(made.seed)
    yield "code", made.code_version
    yield "packages", made.environment
    yield "size", "not measured" if card.artifact_bytes is None else f"{card.artifact_bytes:,} bytes"
    seconds = card.seconds_per_million_rows
    yield "a million rows", "not measured" if seconds is None else f"{seconds:.1f} s"


def _columns(card: ModelCard) -> Mapping[str, str]:
    return dict.fromkeys(card.made.features, "")


def _differences(name: str, first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[Fact]:
    """Yield one fact: how many there are, and the names of those that only one has, or that differ."""
    told = [_tell(mine, other) for mine, other in ((first, second), (second, first))]
    yield Fact(name=name, first=told[0], second=told[1])


def _tell(mine: Mapping[str, str], other: Mapping[str, str]) -> str:
    own = [name for name in mine if name not in other]
    changed = [name for name in mine if name in other and mine[name] != other[name]]
    parts = [str(len(mine))]
    parts += [f"only here: {', '.join(own)}"] if own else []
    parts += [f"changed: {', '.join(f'{name} {mine[name][:8]}' for name in changed)}"] if changed else []
    return "; ".join(parts)


def _snapshot(card: ModelCard, table: str) -> str:
    return next((str(pin.snapshot) for pin in card.made.pins if pin.table == table), "not read")


def _measures(first: ModelCard, second: ModelCard, *, met: bool) -> Iterator[ComparedMeasure]:
    ours, theirs = ({measure.name: measure for measure in card.measures} for card in (first, second))
    for name in dict.fromkeys((*ours, *theirs)):
        mine, other = ours.get(name), theirs.get(name)
        yield ComparedMeasure(
            name=name,
            first=mine and mine.version,
            second=other and other.version,
            direct=other.champion if met and other else None,
        )
    yield ComparedMeasure(
        name="loss, in times the baseline's",
        first=_relative(ours.get("loss"), champion=False),
        second=_relative(theirs.get("loss"), champion=False),
        direct=_relative(theirs.get("loss"), champion=True) if met else None,
    )


def _relative(loss: Comparison | None, *, champion: bool) -> float | None:
    figure = None if loss is None else (loss.champion if champion else loss.version)
    return None if loss is None or figure is None or not loss.baseline else figure / loss.baseline


def _slices(first: ModelCard, second: ModelCard, *, met: bool) -> Sequence[ComparedMeasure]:
    ours, theirs = ({part.name: part for part in card.slices} for card in (first, second))
    return [
        ComparedMeasure(
            name=name,
            first=ours[name].challenger_loss if name in ours else None,
            second=theirs[name].challenger_loss if name in theirs else None,
            direct=theirs[name].champion_loss if met and name in theirs else None,
        )
        for name in dict.fromkeys((*ours, *theirs))
    ]
