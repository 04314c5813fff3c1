"""How long the steps of a night are expected to take: the medians of the newest comparable nights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from statistics import median
from typing import Literal

from pydantic import Field

from contender.specs.frozen import Frozen

NIGHTS = 14
_LONGEST = 86_400.0  # a longer gap is a repetition of one step on a later day

StepName = Literal["features", "training", "scoring"]


class NightTimes(Frozen):
    """When the records of a past night were written; None if there is no record."""

    night: date
    delivered: datetime | None = Field(default=None, description="gate of the last daily input")
    built: datetime | None = Field(default=None, description="gate of the features")
    decided: datetime | None = Field(
        default=None, description="last ledger entry that no person made or approved"
    )
    scored: datetime | None = Field(default=None, description="gate of the predictions")
    versions: int | None = Field(default=None, description="number of versions that were evaluated")


class Cost(Frozen):
    """The expected duration of a step; `seconds` is None if no comparable night is recorded.

    `features` counts from the last input, `training` (fit, evaluate, decide) and `scoring` from the features. Waiting
    for a worker is part of it.
    """

    step: StepName
    seconds: float | None
    nights: int = Field(description="number of comparable nights")
    first: date | None = None
    last: date | None = None


def estimate_costs(past: Sequence[NightTimes], versions: int) -> tuple[Cost, ...]:
    """Return the cost of each step. Nights are comparable for training if as many versions were evaluated."""
    same = [one for one in past if one.versions == versions]
    return (
        _summarise("features", ((one.night, one.delivered, one.built) for one in past)),
        _summarise("training", ((one.night, one.built, one.decided) for one in same)),
        _summarise("scoring", ((one.night, one.built, one.scored) for one in past)),
    )


def _summarise(step: StepName, spans: Iterable[tuple[date, datetime | None, datetime | None]]) -> Cost:
    """Return the median of the newest spans. A span that ends before it begins is that of a repeated step."""
    known = sorted(
        (night, (end - begin).total_seconds())
        for night, begin, end in spans
        if begin is not None and end is not None
    )
    lately = [(night, seconds) for night, seconds in known if 0 <= seconds < _LONGEST][-NIGHTS:]
    if not lately:
        return Cost(step=step, seconds=None, nights=0)
    seconds = median(seconds for _, seconds in lately)
    return Cost(step=step, seconds=seconds, nights=len(lately), first=lately[0][0], last=lately[-1][0])
