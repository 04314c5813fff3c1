"""The streams of shadow predictions, and the question that a comparison of the incumbent with each answers.

Another stream than those named here is that of a recipe, named by its fingerprint.
"""

from __future__ import annotations

from contender.records.evidence import Question

CHAMPION = "champion"  # the serving version
STILL = "still"  # the version that served some weeks ago
KEPT = "kept"  # in a break: the version that served before it
_STRATEGY = "strategy "  # in a break: a recipe of `recovery`


def name_strategy(recipe: str) -> str:
    """Return the stream of a recipe that is fitted only in a break."""
    return _STRATEGY + recipe


def question_of(stream: str) -> Question:
    """Return the question that pairs of a stream answer."""
    if stream == STILL:
        return "still"
    return "recovery" if stream == KEPT or stream.startswith(_STRATEGY) else "race"
