"""Ways to decide what serves, side by side: ours, and those that one would think of first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from contender.promoting import Standing, decide_night, decide_promotion
from contender.records import Decision, Evaluation, Evidence
from contender.specs import Guards

Decide = Callable[[Sequence[Evaluation], Sequence[Evidence], Standing | None, Guards], tuple[Decision, ...]]


class Policy(NamedTuple):
    """How a night is decided; `told` is its line in a report."""

    told: str
    decide: Decide
    refreshes_race: bool = False
    recipes: int | None = None  # how many of the model's recipes it has to fit; all when None


def _first_only(
    evaluations: Sequence[Evaluation], _: Sequence[Evidence], __: Standing | None, guards: Guards
) -> tuple[Decision, ...]:
    """Keep the first version that beats the baseline for ever."""
    first = evaluations[0]
    return (decide_promotion(first, guards),) if first.champion is None else ()


def _every_refresh(
    evaluations: Sequence[Evaluation], _: Sequence[Evidence], __: Standing | None, guards: Guards
) -> tuple[Decision, ...]:
    """Let every refresh serve, whatever it is, once a first version has beaten the baseline."""
    decision = decide_promotion(evaluations[0], guards)
    return (decision if evaluations[0].champion is None else _let_serve(decision),)


def _better_lately(
    evaluations: Sequence[Evaluation], _: Sequence[Evidence], __: Standing | None, guards: Guards
) -> tuple[Decision, ...]:
    """Let a refresh serve that did better on the newest labelled days, where the champion can be judged there."""
    judged = evaluations[0]
    decision = decide_promotion(judged, guards)
    theirs, ours = judged.challenger_measures, judged.champion_measures
    if judged.champion is None:
        return (decision,)
    better = ours is not None and theirs.loss < ours.loss
    return (_let_serve(decision) if better else _hold(decision),)


def _let_serve(decision: Decision) -> Decision:
    return decision.model_copy(update={"kind": "refreshed", "champion_after": decision.challenger})


def _hold(decision: Decision) -> Decision:
    return decision.model_copy(update={"kind": "held", "champion_after": decision.champion_before})


POLICIES: Mapping[str, Policy] = {
    "ours": Policy("refreshes serve unless a guard speaks, other recipes once they have won", decide_night),
    "static": Policy("the first version for ever", _first_only, recipes=1),
    "blind": Policy("every refresh of the first recipe serves", _every_refresh, recipes=1),
    "better-lately": Policy(
        "a refresh serves when it did better on the judged days", _better_lately, recipes=1
    ),
    "strict-race": Policy(
        "a refresh, too, serves only once refreshing has won the race", decide_night, refreshes_race=True
    ),
}
