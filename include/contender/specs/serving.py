"""How a server of online predictions tries other versions of a model, and answers for unknown keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from pydantic import Field, field_validator

from contender.specs.frozen import Frozen


class Serving(Frozen):
    """What `contender serve` does with other versions than the champion, and with unknown keys."""

    shadow: bool = Field(
        default=False,
        description="whether the newest version of each other recipe predicts logged requests in the background",
    )
    canary: float | None = Field(
        default=None,
        description="share of the requests that a promoted recipe answers on its first day, between 0 and 1, such as "
        "0.05; None: all",
    )

    cold_start: Mapping[str, float] | None = Field(
        default=None,
        description='the scores of keys that a day of features does not have, such as {"score": 0.2}; None: a request '
        "with such a key is refused",
    )

    @field_validator("canary")
    @classmethod
    def _is_share(cls, canary: float | None) -> float | None:
        if canary is not None and not 0 < canary < 1:
            raise ValueError(
                f"{canary:g} is not a share between 0 and 1: give one such as 0.05, or leave it out to let a promoted "
                "recipe answer all requests at once"
            )
        return canary


def check_cold_start(cold_start: Mapping[str, float] | None, scores: Sequence[str]) -> None:
    """Raise ValueError unless there is a finite number for each score column, or none at all."""
    if cold_start is None:
        return
    if set(cold_start) != set(scores):
        raise ValueError(
            f"serving.cold_start: it has {', '.join(cold_start) or 'no scores'}: give a number for each of "
            f"{', '.join(scores)}"
        )
    if unusable := [name for name, score in cold_start.items() if not isfinite(score)]:
        raise ValueError(f"serving.cold_start: {', '.join(unusable)} is not a finite number: give one")
