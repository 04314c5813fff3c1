"""How a server of online predictions tries other versions of a model."""

from __future__ import annotations

from pydantic import Field, field_validator

from contender.specs.frozen import Frozen


class Serving(Frozen):
    """What `contender serve` does with other versions than the champion; nothing by default."""

    shadow: bool = Field(
        default=False,
        description="whether the newest version of each other recipe predicts logged requests in the background",
    )
    canary: float | None = Field(
        default=None,
        description="share of the requests that a promoted recipe answers on its first day, between 0 and 1, such as "
        "0.05; None: all",
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
