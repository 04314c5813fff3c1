"""The guards of a new version: each looks at one thing in an evaluation, and says with figures whether it may serve.

A refresh is held against the version that serves, and against how refreshes have differed before. A rival has won its
race and is meant to differ, so that it is asked what any version is asked; so is the very first one, which has to beat
the baseline outright.
"""

from __future__ import annotations

from collections.abc import Callable

from contender.promoting.training_rows import (
    has_days,
    has_no_repeated_rows,
    has_rows,
    is_complete,
    is_gated,
    keeps_history,
)
from contender.promoting.wording import at_most, unasked
from contender.records import Evaluation, Reason, SliceMeasures
from contender.specs import Guards

Guard = Callable[[Evaluation, Guards], Reason]

# A change of what is foretold that nobody could see; also the least that a bound by past refreshes comes down to.
SAME = 1e-6
LEAST = 0.02


def judge_first(evaluation: Evaluation, guards: Guards) -> tuple[Reason, ...]:
    """What every guard of a first version says."""
    return (
        *_each(_OF_ITS_DATA, evaluation, guards),
        beats_baseline(evaluation, guards, 0.0),
        is_calibrated(evaluation, guards),
        *_each(_OF_ITSELF, evaluation, guards),
    )


def judge_refresh(evaluation: Evaluation, guards: Guards) -> tuple[Reason, ...]:
    """What every guard of a refresh says."""
    margin = guards.max_loss_above_baseline
    return (
        *_each((is_same_recipe, is_newer, has_rows, has_days), evaluation, guards),
        *_each(_OF_ITS_DATA, evaluation, guards),
        beats_baseline(evaluation, guards, margin),
        *_each((agrees, is_not_shifted, does_no_harm, harms_no_slice, stays_calibrated), evaluation, guards),
        *_each(_OF_ITSELF, evaluation, guards),
    )


def judge_rival(evaluation: Evaluation, guards: Guards) -> tuple[Reason, ...]:
    """What every guard of another recipe's version says, once it has won its race."""
    margin = guards.max_loss_above_baseline
    return (
        *_each(_OF_ITS_DATA, evaluation, guards),
        beats_baseline(evaluation, guards, margin),
        *_each((harms_no_slice, is_calibrated), evaluation, guards),
        *_each(_OF_ITSELF, evaluation, guards),
    )


def is_same_recipe(evaluation: Evaluation, _: Guards) -> Reason:
    """Whether it is made as the champion is."""
    champion = evaluation.champion
    assert champion is not None
    same = champion.recipe_fingerprint == evaluation.challenger.recipe_fingerprint
    told = "the champion's recipe, fitted again" if same else "another recipe than the champion's"
    return Reason(guard="recipe", holds=same, observed=None, bound=None, explanation=told)


def is_newer(evaluation: Evaluation, _: Guards) -> Reason:
    """Whether its data reaches as far as the champion's."""
    champion = evaluation.champion
    assert champion is not None
    ahead = (evaluation.challenger.trained_on.last - champion.trained_on.last).days
    told = f"fitted on data {ahead} days newer than the champion's"
    return Reason(guard="newer", holds=ahead >= 0, observed=ahead, bound=0, explanation=told)


def beats_baseline(evaluation: Evaluation, _: Guards, margin: float) -> Reason:
    """Whether it loses less than the simple baseline, or hardly more, by a margin that is a share of its loss."""
    ours, baseline = evaluation.challenger_measures.loss, evaluation.baseline_measures.loss
    bound = baseline + margin * abs(baseline)
    told = f"loss {ours:.4f}, the simple baseline's is {baseline:.4f}"
    return Reason(guard="baseline", holds=ours < bound, observed=ours, bound=bound, explanation=told)


def agrees(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether its predictions differ from the champion's no more than those of refreshes do."""
    usual = None if evaluation.usual is None else evaluation.usual.disagreement
    return _as_usual("disagreement", evaluation.disagreement, usual, evaluation, guards, "mean difference")


def is_not_shifted(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether it foretells as much on average as the champion does."""
    usual = None if evaluation.usual is None else evaluation.usual.shift
    if evaluation.shift is None and evaluation.disagreement is not None:
        return unasked("shift", None, "was not measured")
    moved = None if evaluation.shift is None else abs(evaluation.shift)
    return _as_usual("shift", moved, usual, evaluation, guards, "difference of the means")


def does_no_harm(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether it loses no more than the champion, beyond a margin and what chance explains."""
    ours, champion, sure = (
        evaluation.challenger_measures.loss,
        evaluation.champion_measures,
        evaluation.loss_difference,
    )
    increase = None if champion is None else (ours - champion.loss) / (abs(champion.loss) or 1.0)
    found = at_most("harm", increase, guards.max_loss_increase, "loss {observed:+.2%} against the champion's")
    if found.holds or sure is None or sure.low > 0:
        return found
    told = f"{found.explanation}, which may be chance: by {sure.low:+.4f} to {sure.high:+.4f}, days counted"
    return found.model_copy(update={"holds": True, "explanation": told})


def harms_no_slice(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether no named part of the rows is worse off, beyond a margin and what chance explains."""
    bound = guards.max_slice_loss_increase
    judged = {
        found.name: increase for found in evaluation.slices if (increase := _sure_increase(found)) is not None
    }
    small = len(evaluation.slices) - len(judged)
    apart = f"; {small} have too few rows to tell" if small else ""
    if not judged:
        told = f"{small} slices have too few rows to tell" if small else "no slices are named"
        return unasked("slices", bound, told)
    worst = max(judged, key=lambda name: judged[name])
    broken = [f"{name} ({increase:+.1%})" for name, increase in judged.items() if increase > bound]
    told = f"none of {len(judged)} slices is surely worse, {worst} at most by {judged[worst]:+.1%}{apart}"
    if broken:
        told = f"surely worse than the champion, at least by: {', '.join(broken)}{apart}"
    return at_most("slices", judged[worst], bound, told.replace("{", "{{").replace("}", "}}"))


def is_calibrated(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether what comes is what was foretold, on average of rows of like predictions; or the champion is no better."""
    ours, champion = evaluation.challenger_measures.calibration_error, evaluation.champion_measures
    told, bound = "expected calibration error {observed:.4f}", guards.max_calibration_error
    if champion is not None and champion.calibration_error > bound:
        told += ", and the champion's is no better on these days"
        bound = champion.calibration_error
    return at_most("calibration", ours, bound, told)


def stays_calibrated(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether it is as well calibrated as the champion, or hardly less: in a storm, no version is."""
    champion = evaluation.champion_measures
    if champion is None:
        return is_calibrated(evaluation, guards)
    told = f"expected calibration error {{observed:.4f}}, the champion's is {champion.calibration_error:.4f}"
    bound = champion.calibration_error + guards.max_calibration_increase
    return at_most("calibration", evaluation.challenger_measures.calibration_error, bound, told)


def behaves(evaluation: Evaluation, _: Guards) -> Reason:
    """Whether every behaviour test of the model's folder holds."""
    checks = evaluation.behaviour
    if not checks:
        return unasked("behaviour", 0, "the model's folder has no behaviour tests")
    broken = [check for check in checks if not check.holds]
    told = "; ".join(f"{c.name}: {c.explanation}, bound {c.bound:.4g}" for c in broken)
    return Reason(
        guard="behaviour",
        holds=not broken,
        observed=len(broken),
        bound=0,
        explanation=told or f"all {len(checks)} tests hold",
    )


def is_stable(evaluation: Evaluation, _: Guards) -> Reason:
    """Whether it foretells numbers, the same twice, and the same once it was stored and loaded."""
    unusable = evaluation.unusable_predictions
    if unusable:
        told = f"{unusable:,} of its predictions are no finite numbers"
        return Reason(guard="stable", holds=False, observed=unusable, bound=0, explanation=told)
    found = {
        "made again": evaluation.repeat_difference,
        "once stored and loaded": evaluation.challenger.reload_difference,
    }
    known = {when: gap for when, gap in found.items() if gap is not None}
    if not known:
        return unasked("stable", SAME, "predictions are finite; they were not made twice")
    when = max(known, key=lambda name: known[name])
    told = f"predictions are finite, and differ by at most {{observed:.2g}} {when}"
    return at_most("stable", known[when], SAME, told)


def is_quick(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether it foretells fast enough."""
    seconds, bound = evaluation.seconds_per_million_rows, guards.max_seconds_per_million_rows
    if seconds is None:
        return unasked("latency", bound, "was not measured")
    return at_most("latency", seconds, bound, "{observed:.1f} s for a million rows")


def is_small(evaluation: Evaluation, guards: Guards) -> Reason:
    """Whether its stored pipeline is small enough."""
    size, bound = evaluation.artifact_bytes, guards.max_artifact_bytes
    if size is None:
        return unasked("size", bound, "was not measured")
    return at_most("size", size, bound, f"stored in {size / 1e6:.2f} MB")


_OF_ITS_DATA: tuple[Guard, ...] = (is_complete, has_no_repeated_rows, is_gated, keeps_history)
_OF_ITSELF: tuple[Guard, ...] = (behaves, is_stable, is_quick, is_small)


def _each(guards: tuple[Guard, ...], evaluation: Evaluation, bounds: Guards) -> tuple[Reason, ...]:
    return tuple(guard(evaluation, bounds) for guard in guards)


def _as_usual(
    guard: str, observed: float | None, usual: float | None, evaluation: Evaluation, guards: Guards, what: str
) -> Reason:
    bound, told = guards.max_disagreement, what + " of {observed:.4f} to the champion's predictions"
    if usual is not None and evaluation.usual is not None:
        bound = min(bound, max(guards.max_disagreement_ratio * usual, LEAST * bound))
        told += f"; nine of ten of {evaluation.usual.nights} refreshes kept to {usual:.4f}"
    return at_most(guard, observed, bound, told)


def _sure_increase(found: SliceMeasures) -> float | None:
    """By how much of the champion's loss a slice is worse at least; None where that cannot be told."""
    if found.difference is None or found.champion_loss is None:
        return None
    return found.difference.low / (abs(found.champion_loss) or 1.0)
