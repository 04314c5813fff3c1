"""Guards: checks that can block the promotion of a version. Each checks one thing in its evaluation.

A refresh is compared with the champion, and with how much earlier refreshes differed. A rival has passed its
sequential test and is expected to differ from the champion, so only the guards that apply to any version are run; the
same holds for the first version, which must have a lower loss than the baseline.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from contender.promoting.fitted_version import behaves, is_quick, is_small, is_stable
from contender.promoting.reasons import not_applicable, require_at_most
from contender.promoting.training_rows import (
    has_days,
    has_no_repeated_rows,
    has_rows,
    has_usual_outcomes,
    is_complete,
    is_gated,
    keeps_history,
)
from contender.promoting.weigh import weigh, weigh_in_break
from contender.records import Evaluation, Interval, Reason, SliceMeasures, Standing
from contender.specs import Guards

Guard = Callable[[Evaluation, Guards], Reason]

# A bound that follows earlier refreshes is at least this share of the fixed bound.
LEAST = 0.08


def judge_first(evaluation: Evaluation, guards: Guards) -> tuple[Reason, ...]:
    """Return the results of the guards of a first version."""
    return (
        *_each(_DATA_GUARDS, evaluation, guards),
        beats_baseline(evaluation, guards, 0.0),
        is_calibrated(evaluation, guards),
        *_each(_VERSION_GUARDS, evaluation, guards),
    )


def judge_refresh(
    evaluation: Evaluation, guards: Guards, standing: Standing | None = None
) -> tuple[Reason, ...]:
    """Return the results of the guards of a refresh; `standing` is the state of the model before the night."""
    margin = guards.max_loss_above_baseline
    reasons = (
        *_each((is_same_recipe, is_newer, has_rows, has_days), evaluation, guards),
        *_each((*_DATA_GUARDS, has_usual_outcomes), evaluation, guards),
        beats_baseline(evaluation, guards, margin),
        *compare_with_champion(evaluation, guards),
        *_each((harms_no_slice, stays_calibrated), evaluation, guards),
        *_each(_VERSION_GUARDS, evaluation, guards),
    )
    return weigh(reasons, evaluation, guards, standing)


def judge_rival(evaluation: Evaluation, guards: Guards) -> tuple[Reason, ...]:
    """Return the results of the guards of a rival that has passed its sequential test."""
    margin = guards.max_loss_above_baseline
    return (
        *_each(_DATA_GUARDS, evaluation, guards),
        beats_baseline(evaluation, guards, margin),
        *_each((harms_no_slice, is_calibrated), evaluation, guards),
        *_each(_VERSION_GUARDS, evaluation, guards),
    )


def judge_strategy(
    evaluation: Evaluation, guards: Guards, broken: date | None = None, proof: str | None = None
) -> tuple[Reason, ...]:
    """Return the results of the guards of a version for a break: only those that state facts about data or version.

    `broken` is the night in which the open break began, and `proof` the evidence that later days contradict any
    behaviour test that the version fails.
    """
    reasons = (*_each(_DATA_GUARDS, evaluation, guards), *_each(_VERSION_GUARDS, evaluation, guards))
    return weigh_in_break(reasons, evaluation, broken, proof)


def is_same_recipe(evaluation: Evaluation, _: Guards) -> Reason:
    """Check that the recipe is the champion's."""
    champion = evaluation.champion
    assert champion is not None
    same = champion.recipe_fingerprint == evaluation.challenger.recipe_fingerprint
    explanation = "same recipe as the champion" if same else "the recipe differs from the champion's"
    return Reason(guard="recipe", passed=same, observed=None, bound=None, explanation=explanation)


def is_newer(evaluation: Evaluation, _: Guards) -> Reason:
    """Check that the training data does not end before the champion's."""
    champion = evaluation.champion
    assert champion is not None
    ahead = (evaluation.challenger.trained_on.last - champion.trained_on.last).days
    explanation = (
        f"the training data ends {abs(ahead)} days {'before' if ahead < 0 else 'after'} the champion's"
    )
    return Reason(guard="newer", passed=ahead >= 0, observed=ahead, bound=0, explanation=explanation)


def beats_baseline(evaluation: Evaluation, _: Guards, margin: float) -> Reason:
    """Check that the loss is below the baseline's, or the champion's if that is higher, plus a margin.

    The margin is a share of the respective loss. Holding a version that is hardly worse than the champion prevents no
    harm, however good the baseline is on these days.
    """
    ours, baseline = evaluation.challenger_measures.loss, evaluation.baseline_measures.loss
    champion = evaluation.champion_measures
    bound = baseline + margin * abs(baseline)
    explanation = f"loss {ours:.4f}; must be below {{:.4f}} (baseline: {baseline:.4f})"
    if champion is not None and champion.loss > baseline:
        bound = champion.loss + margin * abs(champion.loss)
        explanation += f"; the champion is worse than the baseline itself, with {champion.loss:.4f}"
    explanation = explanation.format(bound)
    return Reason(guard="baseline", passed=ours < bound, observed=ours, bound=bound, explanation=explanation)


def compare_with_champion(evaluation: Evaluation, guards: Guards) -> tuple[Reason, ...]:
    """Check predictions and loss against the champion's; a champion that cannot predict blocks no refresh."""
    if evaluation.champion_failure is None:
        return _each((agrees, is_not_shifted, does_no_harm), evaluation, guards)
    explanation = f"the champion cannot predict the evaluated rows: {evaluation.champion_failure}"
    return tuple(not_applicable(name, None, explanation) for name in ("disagreement", "shift", "harm"))


def agrees(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check that predictions differ from the champion's no more than those of earlier refreshes did."""
    usual = None if evaluation.usual is None else evaluation.usual.disagreement
    bound, note = _follow_refreshes(evaluation, guards, usual)
    template = "the mean absolute difference from the champion's predictions is {observed:.4f}" + note
    return require_at_most("disagreement", evaluation.disagreement, bound, template)


def is_not_shifted(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check that the mean prediction is close to the champion's."""
    usual = None if evaluation.usual is None else evaluation.usual.shift
    if evaluation.shift is None and evaluation.disagreement is not None:
        return not_applicable("shift", None, "not measured")
    shift = None if evaluation.shift is None else abs(evaluation.shift)
    bound, note = _follow_refreshes(evaluation, guards, usual)
    template = "the mean prediction differs from the champion's by {observed:.4f}" + note
    return require_at_most("shift", shift, bound, template)


def does_no_harm(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check that the loss is not significantly higher than the champion's by more than a margin."""
    ours, champion = evaluation.challenger_measures.loss, evaluation.champion_measures
    interval = evaluation.loss_difference
    increase = None if champion is None else (ours - champion.loss) / (abs(champion.loss) or 1.0)
    template = "the loss differs from the champion's by {observed:+.2%}; at most {bound:+.2%} allowed"
    return _excuse_chance(require_at_most("harm", increase, guards.max_loss_increase, template), interval)


def harms_no_slice(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check that no slice is significantly worse than with the champion by more than a margin."""
    bound = guards.max_slice_loss_increase
    judged = {
        found.name: increase
        for found in evaluation.slices
        if (increase := _certain_increase(found)) is not None
    }
    small = len(evaluation.slices) - len(judged)
    skipped = f"; {small} slices have too few rows to compare" if small else ""
    if not judged:
        explanation = f"{small} slices have too few rows to compare" if small else "the model has no slices"
        return not_applicable("slices", bound, explanation)
    worst = max(judged, key=lambda name: judged[name])
    broken = [f"{name} ({increase:+.1%})" for name, increase in judged.items() if increase > bound]
    explanation = (
        f"none of {len(judged)} slices is significantly worse; the highest lower end of an interval is "
        f"{judged[worst]:+.1%} ({worst}); at most {bound:+.1%} allowed{skipped}"
    )
    if broken:
        listed = ", ".join(broken)
        explanation = (
            f"significantly worse than the champion, by at least {listed}; {bound:+.1%} allowed{skipped}"
        )
    return require_at_most("slices", judged[worst], bound, explanation.replace("{", "{{").replace("}", "}}"))


def is_calibrated(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check the calibration error; a champion that exceeds the bound on these days raises it to its own error."""
    ours, champion = evaluation.challenger_measures.calibration_error, evaluation.champion_measures
    template, bound = (
        f"{_name_error(evaluation)} {{observed:.4f}}; at most {{bound:.4f}} allowed",
        guards.max_calibration_error,
    )
    if champion is not None and champion.calibration_error > bound:
        template += ", which is the champion's on these days"
        bound = champion.calibration_error
    return require_at_most("calibration", ours, bound, template)


def stays_calibrated(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check that the calibration error exceeds the champion's by no more than a margin.

    The bound is relative, because no version is well calibrated on unusual days, such as in a storm. An increase that
    is not significant passes: with few rows, calibration errors are mostly noise.
    """
    champion, interval = evaluation.champion_measures, evaluation.calibration_difference
    if champion is None:
        return is_calibrated(evaluation, guards)
    template = (
        f"{_name_error(evaluation)} {{observed:.4f}}; at most {{bound:.4f}} allowed "
        f"(champion: {champion.calibration_error:.4f})"
    )
    bound = champion.calibration_error + guards.max_calibration_increase
    found = require_at_most("calibration", evaluation.challenger_measures.calibration_error, bound, template)
    return _excuse_chance(found, interval)


def _name_error(evaluation: Evaluation) -> str:
    coverage = evaluation.challenger_measures.coverage
    if coverage is None:
        return "expected calibration error"
    return f"coverage of the interval {coverage:.2%}; largest error of a quantile's coverage"


_DATA_GUARDS: tuple[Guard, ...] = (
    is_complete,
    has_no_repeated_rows,
    is_gated,
    keeps_history,
)
_VERSION_GUARDS: tuple[Guard, ...] = (behaves, is_stable, is_quick, is_small)


def _each(guards: tuple[Guard, ...], evaluation: Evaluation, bounds: Guards) -> tuple[Reason, ...]:
    return tuple(guard(evaluation, bounds) for guard in guards)


def _excuse_chance(found: Reason, interval: Interval | None) -> Reason:
    """Return the result, passed if the interval of an increase includes 0; without an interval, as it is."""
    if found.passed or interval is None or interval.low > 0:
        return found
    explanation = (
        f"{found.explanation}, but the increase is not significant: "
        f"95 % interval {interval.low:+.4f} to {interval.high:+.4f}"
    )
    return found.model_copy(update={"passed": True, "explanation": explanation})


def _follow_refreshes(evaluation: Evaluation, guards: Guards, usual: float | None) -> tuple[float, str]:
    """Return the bound of a difference that follows earlier refreshes, and the text that explains it."""
    bound, note = guards.max_disagreement, "; at most {bound:.4f} allowed"
    if usual is None or evaluation.usual is None:
        return bound, note
    note += f"; nine of ten of {evaluation.usual.nights} earlier refreshes differed by at most {usual:.4f}"
    return min(bound, max(guards.max_disagreement_ratio * usual, LEAST * bound)), note


def _certain_increase(found: SliceMeasures) -> float | None:
    """Return the lower end of the interval of a slice's loss increase, as a share of the champion's loss.

    None if the slice has no interval.
    """
    if found.difference is None or found.champion_loss is None:
        return None
    return found.difference.low / (abs(found.champion_loss) or 1.0)
