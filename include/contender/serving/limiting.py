"""The rate limit of each API key."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from contender.serving.requests import BadRequest, Defect


class RateLimit:
    """A token bucket for each caller: `a_second` requests on average, and up to `burst` at once. 0 limits nothing."""

    def __init__(self, a_second: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._a_second, self._burst, self._now = a_second, burst, now
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> None:
        """Count a request. Raises BadRequest with the seconds after which the next one is answered."""
        if not self._a_second:
            return
        now = self._now()
        tokens, since = self._buckets.get(caller, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - since) * self._a_second)
        if tokens < 1:
            self._buckets[caller] = tokens, now
            seconds = math.ceil((1 - tokens) / self._a_second)
            limit = f"{self._a_second:g} requests a second, and up to {self._burst} at once"
            defect = Defect(problem=f"too many requests: try again in {seconds} s", allowed=limit)
            raise BadRequest(429, defect, retry_after=seconds)
        self._buckets[caller] = tokens - 1, now
