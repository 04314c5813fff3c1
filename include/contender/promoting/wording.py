"""How a guard gives its word: what it observed, its bound, and a line for people."""

from __future__ import annotations

from contender.records import Reason


def unasked(guard: str, bound: float | None, told: str) -> Reason:
    """The word of a guard that has nothing to look at: it holds, and says why."""
    return Reason(guard=guard, holds=True, observed=None, bound=bound, explanation=told)


def at_least(guard: str, observed: float, bound: float, wording: str) -> Reason:
    """Holds when what was observed is no less than the bound; `wording` may tell `{observed}`."""
    told = wording.format(observed=observed)
    return Reason(guard=guard, holds=observed >= bound, observed=observed, bound=bound, explanation=told)


def at_most(guard: str, observed: float | None, bound: float, wording: str) -> Reason:
    """Holds when what was observed is no more than the bound, and not when nothing could be observed."""
    if observed is None:
        unseen = "cannot be compared: the champion was fitted on what the challenger is judged on"
        return Reason(guard=guard, holds=False, observed=None, bound=bound, explanation=unseen)
    told = wording.format(observed=observed)
    return Reason(guard=guard, holds=observed <= bound, observed=observed, bound=bound, explanation=told)
