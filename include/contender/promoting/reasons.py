"""Build the results of guards: what a guard observed, its bound, and an explanation for people."""

from __future__ import annotations

from contender.records import Reason


def not_applicable(guard: str, bound: float | None, explanation: str) -> Reason:
    """Return the result of a guard that has nothing to check: it passes, and explains why."""
    return Reason(guard=guard, passed=True, observed=None, bound=bound, explanation=explanation)


def require_at_least(guard: str, observed: float, bound: float, template: str) -> Reason:
    """Pass if `observed` is at least `bound`. `template` may contain `{observed}` and `{bound}`."""
    explanation = template.format(observed=observed, bound=bound)
    return Reason(
        guard=guard, passed=observed >= bound, observed=observed, bound=bound, explanation=explanation
    )


def require_at_most(guard: str, observed: float | None, bound: float, template: str) -> Reason:
    """Pass if `observed` is at most `bound`; block if it is None, because nothing could be measured."""
    if observed is None:
        explanation = "cannot be compared: the champion was trained on the evaluated days"
        return Reason(guard=guard, passed=False, observed=None, bound=bound, explanation=explanation)
    explanation = template.format(observed=observed, bound=bound)
    return Reason(
        guard=guard, passed=observed <= bound, observed=observed, bound=bound, explanation=explanation
    )
