"""Compose the record of a decision about a version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from contender.records import Decision, Evaluation, Evidence, Reason, identify

Kind = Literal["first", "refreshed", "promoted", "recovered", "returned", "held"]


def compose_decision(
    kind: Kind,
    evaluation: Evaluation,
    before: int | None,
    reasons: tuple[Reason, ...],
    evidence: Sequence[Evidence],
) -> Decision:
    """Return the decision about a version, named after its evaluation. `before` is the serving version."""
    challenger, champion = evaluation.challenger, evaluation.champion
    return Decision(
        id=identify("decision", evaluation.id),
        model=evaluation.model,
        night=evaluation.night,
        kind=kind,
        evaluation=evaluation.id,
        champion_before=before,
        champion_after=before if kind == "held" else challenger.version,
        challenger=challenger.version,
        champion_recipe=None if champion is None else champion.recipe_fingerprint,
        challenger_recipe=challenger.recipe_fingerprint,
        reasons=reasons,
        evidence=tuple(evidence),
        pins=challenger.pins,
        seed=challenger.seed,
        code_version=challenger.code_version,
        environment=challenger.environment,
    )
