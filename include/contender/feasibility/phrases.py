"""Questions with their answers, and figures as they are shown in sentences."""

from __future__ import annotations

from typing import Literal

from contender.feasibility.figures import Estimate
from contender.feasibility.forecast import Forecasted
from contender.specs.frozen import Frozen

Answer = Literal["yes", "no", "not yet", "unknown"]

_FEW, _TINY = 0.01, 0.001


class Part(Frozen):
    """A question with its answer; `sentences` give the reasons and figures."""

    question: str
    answer: Answer
    sentences: tuple[str, ...]


def show_share(share: float) -> str:
    """Return a share in percent."""
    if 0 < share < _TINY:
        return f"below {_TINY:.1%}"
    return f"{share:.0%}" if share >= _FEW else f"{share:.1%}"


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def show_estimate(found: Estimate, *, sign: bool = False) -> str:
    """Return a value with its 95 % interval."""
    form = "+.3g" if sign else ".5g"
    if found.interval is None:
        return f"{found.value:{form}}"
    return f"{found.value:{form}} (95 % interval {found.interval.low:{form}} to {found.interval.high:{form}})"


def show_forecast(found: Forecasted, form: str = ".5g") -> str:
    """Return a forecast with its 90 % interval."""
    value, low, high = (
        "more than 1,000,000,000" if one is None else f"{one:{form}}"
        for one in (found.value, found.low, found.high)
    )
    return f"{value} (90 % interval {low} to {high})"
