"""A night's decisions, pure functions of records: a refresh serves unless a guard speaks, a rival once it has won."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from contender.promoting.standing import Standing
from contender.records import Decision, Evaluation, Evidence, Reason, identify
from contender.specs import Guards


def decide_night(
    evaluations: Sequence[Evaluation], evidence: Sequence[Evidence], standing: Standing | None, guards: Guards
) -> tuple[Decision, ...]:
    """What a night leads to: about the champion recipe's refresh, then about the rival that has won, if one has.

    `evaluations` are of tonight's versions in the order of their recipes, at least one. Every night leaves at least
    one decision. Without a champion, the first recipe is judged; while refreshes are suspended, or when the
    champion's recipe is no longer declared, all versions of tonight are rivals.
    """
    champion = evaluations[0].champion
    if champion is None or standing is None:
        return (decide_promotion(evaluations[0], guards),)
    refresh = next((e for e in evaluations if _same_recipe(e).holds), None)
    refreshing = refresh is not None and standing.suspended is None
    decisions = [decide_promotion(refresh, guards, evidence)] if refresh and refreshing else []
    rivals = [e for e in evaluations if not (refreshing and e is refresh)]
    weighed = {e.rival: e for e in evidence if e.question == "race"}
    leading = max(rivals, key=lambda e: _standing_of(e, weighed), default=None)
    if leading is not None:
        found = weighed.get(leading.challenger.recipe_fingerprint)
        if (found and found.enough) or not decisions:
            before = decisions[0].champion_after if decisions else champion.version
            decisions.append(decide_race(leading, before, found, evidence, standing, guards))
    return tuple(decisions)


def decide_promotion(evaluation: Evaluation, guards: Guards, evidence: Sequence[Evidence] = ()) -> Decision:
    """Decide on a refresh, or on the first version; every guard's word is kept as a reason, whether it holds or not."""
    champion = evaluation.champion
    first = champion is None
    reasons = _judge_first(evaluation, guards) if first else _judge_refresh(evaluation, guards)
    reasons += tuple(_against_refreshing(e) for e in evidence if e.question == "still")
    before = None if champion is None else champion.version
    promoted = all(reason.holds for reason in reasons)
    kind: Kind = "held" if not promoted else "first" if first else "refreshed"
    return _decide(kind, evaluation, before, reasons, evidence, ("decision", evaluation.id))


def decide_race(
    evaluation: Evaluation,
    before: int | None,
    found: Evidence | None,
    evidence: Sequence[Evidence],
    standing: Standing,
    guards: Guards,
) -> Decision:
    """Decide on the newest version of a rival recipe: it serves when it has won, and no guard speaks."""
    reasons = (_won(found, standing), *_judge_rival(evaluation, guards))
    promoted = all(reason.holds for reason in reasons)
    names = ("race", evaluation.id, before)
    return _decide("promoted" if promoted else "held", evaluation, before, reasons, evidence, names)


Kind = Literal["first", "refreshed", "promoted", "held"]


def _decide(
    kind: Kind,
    evaluation: Evaluation,
    before: int | None,
    reasons: tuple[Reason, ...],
    evidence: Sequence[Evidence],
    names: tuple[object, ...],
) -> Decision:
    challenger, champion = evaluation.challenger, evaluation.champion
    return Decision(
        id=identify(*names),
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


def _standing_of(evaluation: Evaluation, weighed: dict[str, Evidence]) -> tuple[bool, float]:
    found = weighed.get(evaluation.challenger.recipe_fingerprint)
    return (found.enough, found.value) if found else (False, 0.0)


def _won(found: Evidence | None, standing: Standing) -> Reason:
    told = "no day has been paired yet"
    if found is not None:
        told = f"evidence of {found.value:.2f} from {found.days} days since {found.since}; {found.bar:g} is enough"
    if standing.suspended:
        told += f". Refreshes have to win, too: {standing.suspended}"
    return Reason(
        guard="race",
        holds=found is not None and found.enough,
        observed=None if found is None else found.value,
        bound=None if found is None else found.bar,
        explanation=told,
    )


def _against_refreshing(found: Evidence) -> Reason:
    return Reason(
        guard="still",
        holds=not found.enough,
        observed=found.value,
        bound=found.bar,
        explanation=f"evidence of {found.value:.2f} from {found.days} days that an older version, kept, does better",
    )


def _judge_rival(evaluation: Evaluation, guards: Guards) -> tuple[Reason, ...]:
    return (
        _against_baseline(evaluation, margin=guards.max_loss_above_baseline),
        _calibrated(evaluation, guards),
    )


def _judge_first(evaluation: Evaluation, guards: Guards) -> tuple[Reason, ...]:
    return (_against_baseline(evaluation, margin=0.0), _calibrated(evaluation, guards))


def _judge_refresh(evaluation: Evaluation, guards: Guards) -> tuple[Reason, ...]:
    return (
        _same_recipe(evaluation),
        _newer(evaluation),
        *_data_not_shrunk(evaluation, guards),
        _against_baseline(evaluation, margin=guards.max_loss_above_baseline),
        _in_agreement(evaluation, guards),
        _harmless(evaluation, guards),
        _calibrated(evaluation, guards),
    )


def _same_recipe(evaluation: Evaluation) -> Reason:
    champion = evaluation.champion
    assert champion is not None
    same = champion.recipe_fingerprint == evaluation.challenger.recipe_fingerprint
    return Reason(
        guard="recipe",
        holds=same,
        observed=None,
        bound=None,
        explanation="the champion's recipe, fitted again" if same else "another recipe than the champion's",
    )


def _newer(evaluation: Evaluation) -> Reason:
    champion = evaluation.champion
    assert champion is not None
    ahead = (evaluation.challenger.trained_on.last - champion.trained_on.last).days
    return Reason(
        guard="newer",
        holds=ahead >= 0,
        observed=ahead,
        bound=0,
        explanation=f"fitted on data {ahead} days newer than the champion's",
    )


def _data_not_shrunk(evaluation: Evaluation, guards: Guards) -> tuple[Reason, Reason]:
    champion, challenger = evaluation.champion, evaluation.challenger
    assert champion is not None
    rows = challenger.rows / champion.rows
    days = challenger.days_with_rows / champion.days_with_rows
    return (
        Reason(
            guard="training_rows",
            holds=rows >= guards.min_rows_ratio,
            observed=rows,
            bound=guards.min_rows_ratio,
            explanation=f"{challenger.rows:,} training rows, {rows:.2f} times the champion's",
        ),
        Reason(
            guard="training_days",
            holds=days >= guards.min_days_ratio,
            observed=days,
            bound=guards.min_days_ratio,
            explanation=f"{challenger.days_with_rows} training days, {days:.2f} times the champion's",
        ),
    )


def _against_baseline(evaluation: Evaluation, margin: float) -> Reason:
    ours, baseline = evaluation.challenger_measures.loss, evaluation.baseline_measures.loss
    bound = baseline + margin * abs(baseline)
    return Reason(
        guard="baseline",
        holds=ours < bound,
        observed=ours,
        bound=bound,
        explanation=f"loss {ours:.4f}, the simple baseline's is {baseline:.4f}",
    )


def _in_agreement(evaluation: Evaluation, guards: Guards) -> Reason:
    return _at_most(
        "disagreement",
        evaluation.disagreement,
        guards.max_disagreement,
        "mean difference of {observed:.4f} to the champion's predictions",
    )


def _harmless(evaluation: Evaluation, guards: Guards) -> Reason:
    ours, champion = evaluation.challenger_measures.loss, evaluation.champion_measures
    increase = None if champion is None else (ours - champion.loss) / (abs(champion.loss) or 1.0)
    return _at_most("harm", increase, guards.max_loss_increase, "loss {observed:+.2%} against the champion's")


def _calibrated(evaluation: Evaluation, guards: Guards) -> Reason:
    return _at_most(
        "calibration",
        evaluation.challenger_measures.calibration_error,
        guards.max_calibration_error,
        "expected calibration error {observed:.4f}",
    )


def _at_most(guard: str, observed: float | None, bound: float, wording: str) -> Reason:
    if observed is None:
        unseen = "cannot be compared: the champion was fitted on what the challenger is judged on"
        return Reason(guard=guard, holds=False, observed=None, bound=bound, explanation=unseen)
    return Reason(
        guard=guard,
        holds=observed <= bound,
        observed=observed,
        bound=bound,
        explanation=wording.format(observed=observed),
    )
