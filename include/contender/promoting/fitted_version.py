"""Guards of a fitted version itself: its behaviour tests, the stability and time of its predictions, and its size."""

from __future__ import annotations

from contender.promoting.reasons import not_applicable, require_at_most
from contender.records import Evaluation, Reason
from contender.specs import Guards

# The largest difference between two predictions that count as equal.
SAME = 1e-6


def behaves(evaluation: Evaluation, _: Guards) -> Reason:
    """Check that all behaviour tests of the model passed."""
    checks = evaluation.behaviour
    if not checks:
        return not_applicable("behaviour", 0, "the model has no behaviour tests")
    failed = [check for check in checks if not check.passed]
    details = "; ".join(f"{c.name}: {c.explanation}, bound {c.bound:.4g} {c.unit}".rstrip() for c in failed)
    return Reason(
        guard="behaviour",
        passed=not failed,
        observed=len(failed),
        bound=0,
        explanation=f"{len(failed)} of {len(checks)} tests failed: {details}"
        if failed
        else f"all {len(checks)} tests passed",
    )


def is_stable(evaluation: Evaluation, _: Guards) -> Reason:
    """Check that predictions are finite, repeatable, and the same after storing and loading the pipeline."""
    unusable = evaluation.unusable_predictions
    if unusable:
        explanation = (
            f"{unusable:,} predictions are not finite numbers"
            if evaluation.failure is None
            else f"the evaluated rows could not be predicted: {evaluation.failure}"
        )
        return Reason(guard="stable", passed=False, observed=unusable, bound=0, explanation=explanation)
    found = {
        "when repeated": evaluation.repeat_difference,
        "after storing and loading": evaluation.challenger.reload_difference,
    }
    known = {when: gap for when, gap in found.items() if gap is not None}
    if not known:
        return not_applicable("stable", SAME, "predictions are finite; their repeatability was not measured")
    when = max(known, key=lambda name: known[name])
    template = f"predictions are finite and differ by at most {{observed:.2g}} {when}; {{bound:g}} allowed"
    return require_at_most("stable", known[when], SAME, template)


def is_quick(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check the prediction time."""
    seconds, bound = evaluation.seconds_per_million_rows, guards.max_seconds_per_million_rows
    if seconds is None:
        return not_applicable("latency", bound, "not measured")
    return require_at_most(
        "latency", seconds, bound, "{observed:.1f} s per million rows; at most {bound:g} s allowed"
    )


def is_small(evaluation: Evaluation, guards: Guards) -> Reason:
    """Check the size of the stored pipeline."""
    size, bound = evaluation.artifact_bytes, guards.max_artifact_bytes
    if size is None:
        return not_applicable("size", bound, "not measured")
    return require_at_most(
        "size", size, bound, f"stored in {size / 1e6:.2f} MB; at most {bound / 1e6:g} MB allowed"
    )
