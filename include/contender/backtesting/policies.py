"""Promotion policies: that of the DAGs (`ours`), and simple ones to compare it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from contender.promoting import Standing, decide_night, decide_promotion
from contender.records import Decision, Evaluation, Evidence
from contender.specs import Guards

Decide = Callable[[Sequence[Evaluation], Sequence[Evidence], Standing | None, Guards], tuple[Decision, ...]]


class Policy(NamedTuple):
    """A way to decide a night; `description` is shown in reports."""

    description: str
    decide: Decide
    refreshes_race: bool = False
    recipes: int | None = None  # how many of the model's recipes it fits; None: all
    recovers: bool = False  # whether the strategies of the model's `recovery` compete in a break


def _first_only(
    evaluations: Sequence[Evaluation], _: Sequence[Evidence], __: Standing | None, guards: Guards
) -> tuple[Decision, ...]:
    """Promote only the first version that beats the baseline."""
    first = evaluations[0]
    return (decide_promotion(first, guards),) if first.champion is None else ()


def _every_refresh(
    evaluations: Sequence[Evaluation], _: Sequence[Evidence], __: Standing | None, guards: Guards
) -> tuple[Decision, ...]:
    """Promote every refresh, once a first version has beaten the baseline."""
    decision = decide_promotion(evaluations[0], guards)
    return (decision if evaluations[0].champion is None else _promote(decision),)


def _better_lately(
    evaluations: Sequence[Evaluation], _: Sequence[Evidence], __: Standing | None, guards: Guards
) -> tuple[Decision, ...]:
    """Promote a refresh if its loss on the evaluated days is lower than the champion's."""
    judged = evaluations[0]
    decision = decide_promotion(judged, guards)
    theirs, ours = judged.challenger_measures, judged.champion_measures
    if judged.champion is None:
        return (decision,)
    better = ours is not None and theirs.loss < ours.loss
    return (_promote(decision) if better else _hold(decision),)


def _promote(decision: Decision) -> Decision:
    return decision.model_copy(update={"kind": "refreshed", "champion_after": decision.challenger})


def _hold(decision: Decision) -> Decision:
    return decision.model_copy(update={"kind": "held", "champion_after": decision.champion_before})


POLICIES: Mapping[str, Policy] = {
    "ours": Policy(
        "a refresh is promoted unless a guard blocks it, another recipe once it passes the sequential test",
        decide_night,
        recovers=True,
    ),
    "no-recovery": Policy("as `ours`, without strategies for a break", decide_night),
    "static": Policy("the first version is never replaced", _first_only, recipes=1),
    "blind": Policy("every refresh of the first recipe is promoted", _every_refresh, recipes=1),
    "better-lately": Policy(
        "a refresh is promoted if its loss on the evaluated days is lower", _better_lately, recipes=1
    ),
    "strict-race": Policy(
        "refreshes, too, are promoted only once they pass the sequential test",
        decide_night,
        refreshes_race=True,
    ),
}
