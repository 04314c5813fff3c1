"""The decision itself, a pure function: a refresh is promoted unless a guard speaks.

A challenger of another recipe has to earn its place by evidence over many days instead; only refreshes of the
champion's recipe are made so far, so a changed recipe is held.
"""

from __future__ import annotations

from contender.records import Decision, Evaluation, Reason, identify
from contender.specs import Guards


def decide_promotion(evaluation: Evaluation, guards: Guards) -> Decision:
    """Decide on one evaluation; every guard's word is kept as a reason, whether it holds or not."""
    champion = evaluation.champion
    first = champion is None
    reasons = _judge_first(evaluation, guards) if first else _judge_refresh(evaluation, guards)
    promoted = all(reason.holds for reason in reasons)
    before = None if champion is None else champion.version
    return Decision(
        id=identify("decision", evaluation.id),
        model=evaluation.model,
        night=evaluation.night,
        kind="held" if not promoted else "first" if first else "refreshed",
        evaluation=evaluation.id,
        champion_before=before,
        champion_after=evaluation.challenger.version if promoted else before,
        challenger=evaluation.challenger.version,
        reasons=reasons,
    )


def _judge_first(evaluation: Evaluation, guards: Guards) -> tuple[Reason, ...]:
    return (_against_baseline(evaluation, margin=0.0), _calibrated(evaluation, guards))


def _judge_refresh(evaluation: Evaluation, guards: Guards) -> tuple[Reason, ...]:
    return (
        _same_recipe(evaluation),
        _newer(evaluation),
        *_data_not_shrunk(evaluation, guards),
        _against_baseline(evaluation, margin=guards.max_brier_above_baseline),
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
    ours, baseline = evaluation.challenger_measures.brier, evaluation.baseline_measures.brier
    return Reason(
        guard="baseline",
        holds=ours < baseline + margin,
        observed=ours,
        bound=baseline + margin,
        explanation=f"Brier score {ours:.4f}, the simple baseline's is {baseline:.4f}",
    )


def _in_agreement(evaluation: Evaluation, guards: Guards) -> Reason:
    return _at_most(
        "disagreement",
        evaluation.disagreement,
        guards.max_disagreement,
        "mean difference of {observed:.4f} to the champion's probabilities",
    )


def _harmless(evaluation: Evaluation, guards: Guards) -> Reason:
    champion = evaluation.champion_measures
    increase = None if champion is None else evaluation.challenger_measures.brier - champion.brier
    return _at_most(
        "harm", increase, guards.max_brier_increase, "Brier score {observed:+.4f} against the champion's"
    )


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
