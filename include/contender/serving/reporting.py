"""What a serving process records in the book: refused versions and returned canaries, and that they have recovered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from contender.alerting import (
    Refusal,
    ReturnedCanary,
    raise_refusal,
    raise_returned_canary,
    settle_refusal,
    settle_returned_canary,
)
from contender.installation import Installation
from contender.serving.canaries import Canary
from contender.serving.deciding import Champion
from contender.specs import ModelSpec


class Reports:
    """Records that wait in memory until the book answers."""

    def __init__(self) -> None:
        self._unwritten: list[Callable[[Installation], None]] = []

    def add_refusal(self, model: ModelSpec, target: Champion, serving: int | None, reason: str) -> None:
        """Open an incident about a refused champion."""
        refusal = Refusal(
            model=model.name, version=target.version, entry=target.entry, serving=serving, reason=reason
        )
        self._unwritten.append(partial(raise_refusal, model=model, refusal=refusal))

    def add_returned_canary(self, model: ModelSpec, canary: Canary, reason: str) -> None:
        """Open an incident about a returned canary."""
        returned = ReturnedCanary(
            model=model.name,
            version=canary.version,
            entry=canary.entry,
            previous=canary.previous,
            reason=reason,
        )
        self._unwritten.append(partial(raise_returned_canary, model=model, returned=returned))

    def settle_refusal(self, model: str) -> None:
        """Let the incident about a refusal recover."""
        self._unwritten.append(partial(settle_refusal, model=model))

    def settle_returned_canary(self, model: str) -> None:
        """Let the incident about a returned canary recover."""
        self._unwritten.append(partial(settle_returned_canary, model=model))

    def write(self, here: Installation) -> None:
        """Write what could not be written before, in order."""
        while self._unwritten:
            self._unwritten[0](here)
            del self._unwritten[0]
