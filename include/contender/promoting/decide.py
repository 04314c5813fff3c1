"""The decisions of a night, as pure functions of evaluations, evidence and guards."""

from __future__ import annotations

from collections.abc import Sequence

from contender.promoting.composing import Kind, compose_decision
from contender.promoting.guards import is_same_recipe, judge_first, judge_refresh, judge_rival
from contender.promoting.recovery import decide_recovery
from contender.records import Decision, Evaluation, Evidence, Grounds, Reason, Standing, identify
from contender.specs import Guards


def decide_night(
    evaluations: Sequence[Evaluation], evidence: Sequence[Evidence], standing: Standing | None, guards: Guards
) -> tuple[Decision, ...]:
    """Return the night's decisions: about the refresh, then about the rival that passed its test, if there is one.

    `evaluations` contains at least one, in the order of the recipes. The result has at least one decision. Without a
    champion, only the first recipe is considered. In a break with measured strategies, there is one decision, about the
    strategies. While refreshes are suspended, or if the champion's recipe is no longer declared, all versions are
    rivals.
    """
    grounds = Grounds(
        evaluations=tuple(evaluation.id for evaluation in evaluations),
        standing=standing,
        guards=guards.model_dump(mode="json"),
        contract=evaluations[0].contract,
    )
    decisions = _decide_all(evaluations, evidence, standing, guards)
    return tuple(decision.model_copy(update={"grounds": grounds}) for decision in decisions)


def _decide_all(
    evaluations: Sequence[Evaluation], evidence: Sequence[Evidence], standing: Standing | None, guards: Guards
) -> list[Decision]:
    champion = evaluations[0].champion
    if champion is None or standing is None:
        return [decide_promotion(evaluations[0], guards)]
    if (recovered := decide_recovery(evaluations, evidence, standing, guards)) is not None:
        return [recovered]
    evaluations = [e for e in evaluations if not e.challenger.strategy]
    refresh = next((e for e in evaluations if is_same_recipe(e, guards).passed), None)
    refreshing = refresh is not None and standing.suspended is None
    decisions = [decide_promotion(refresh, guards, evidence, standing)] if refresh and refreshing else []
    rivals = [e for e in evaluations if not (refreshing and e is refresh)]
    weighed = {e.rival: e for e in evidence if e.question == "race"}
    leading = max(rivals, key=lambda e: _standing_of(e, weighed), default=None)
    if leading is not None:
        found = weighed.get(leading.challenger.recipe_fingerprint)
        if (found and found.enough) or not decisions:
            before = decisions[0].champion_after if decisions else champion.version
            decisions.append(decide_race(leading, before, found, evidence, standing, guards))
    return decisions


def decide_promotion(
    evaluation: Evaluation,
    guards: Guards,
    evidence: Sequence[Evidence] = (),
    standing: Standing | None = None,
) -> Decision:
    """Decide on a refresh or on the first version. The result of every guard is recorded, passed or not."""
    champion = evaluation.champion
    first = champion is None
    reasons = judge_first(evaluation, guards) if first else judge_refresh(evaluation, guards, standing)
    reasons += tuple(_check_still(e) for e in evidence if e.question == "still")
    before = None if champion is None else champion.version
    promoted = all(reason.passed for reason in reasons)
    kind: Kind = "held" if not promoted else "first" if first else "refreshed"
    return compose_decision(kind, evaluation, before, reasons, evidence)


def decide_race(
    evaluation: Evaluation,
    before: int | None,
    found: Evidence | None,
    evidence: Sequence[Evidence],
    standing: Standing,
    guards: Guards,
) -> Decision:
    """Decide on the newest version of a rival: it must pass its sequential test, and no guard may block it."""
    reasons = (_check_race(found, standing), *_check_mean(found), *judge_rival(evaluation, guards))
    promoted = all(reason.passed for reason in reasons)
    decision = compose_decision("promoted" if promoted else "held", evaluation, before, reasons, evidence)
    return decision.model_copy(update={"id": identify("race", evaluation.id, before)})


def _standing_of(evaluation: Evaluation, weighed: dict[str, Evidence]) -> tuple[bool, float]:
    found = weighed.get(evaluation.challenger.recipe_fingerprint)
    return (found.enough, found.value) if found else (False, 0.0)


def _check_race(found: Evidence | None, standing: Standing) -> Reason:
    explanation = "there are no paired days yet"
    if found is not None:
        explanation = (
            f"evidence is {found.value:.2f} after {found.days} paired days since {found.since}; "
            f"threshold {found.bar:g}"
        )
        if found.false_share is not None:
            explanation += (
                f". On resamples of its own differences, shifted to mean 0, the test passes in "
                f"{found.false_share:.1%} of years"
            )
    if standing.suspended:
        explanation += f". Refreshes must pass the sequential test, too: {standing.suspended}"
    return Reason(
        guard="race",
        passed=found is not None and found.enough,
        observed=None if found is None else found.value,
        bound=None if found is None else found.bar,
        explanation=explanation,
    )


def _check_mean(found: Evidence | None) -> tuple[Reason, ...]:
    """Check that the rival's mean loss is lower, with no difference clipped; rule 1 had no such check."""
    if found is None or found.mean is None:
        return ()
    template = "the incumbent's mean loss minus the rival's is {observed:.6f}"
    if (interval := found.mean_interval) is not None:
        template += f" (95 % interval {interval.low:.6f} to {interval.high:.6f})"
    template += " without clipping; must be above {bound:g}"
    explanation = template.format(observed=found.mean, bound=0)
    reason = Reason(
        guard="mean", passed=found.mean > 0, observed=found.mean, bound=0, explanation=explanation
    )
    return (reason,)


def _check_still(found: Evidence) -> Reason:
    return Reason(
        guard="still",
        passed=not found.enough,
        observed=found.value,
        bound=found.bar,
        explanation=f"evidence that an older version without refreshes is better is {found.value:.2f} after "
        f"{found.days} paired days; threshold {found.bar:g}",
    )
