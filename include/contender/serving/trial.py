"""A running canary: which requests it answers, and what became of its requests and those of the version before it."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from threading import Lock

import numpy as np

from contender.serving.canaries import (
    QUANTILE,
    SLOWER,
    Breach,
    Canary,
    Counts,
    digest_row,
    is_chosen,
    judge_canary,
)
from contender.serving.versions import LoadedVersion

_TIMES = 1000  # of the version before, whose quantile is the bound
_RENEWED = 50  # times after which the bound is computed again
_REMEMBERED = 10_000  # rows; a client that sends one again and again counts once


class Trial:
    """The canary in memory, and its counts. Threads that answer call it; a process begins with empty counts."""

    def __init__(self, version: LoadedVersion, canary: Canary, share: float) -> None:
        self.version, self.canary, self.share = version, canary, share
        self.breach: Breach | None = None
        self._lock = Lock()
        self._times: deque[float] = deque(maxlen=_TIMES)
        self._timed = 0
        self._bound: float | None = None
        self._failed, self._slow = _Distinct(), _Distinct()

    def digest(self, values: Sequence[object]) -> int:
        """Return the digest of a row, which decides which version answers it."""
        return digest_row(self.version.model.name, self.canary, values)

    def takes(self, digest: int) -> bool:
        """Return whether the canary answers a row; never after a breach."""
        return self.breach is None and is_chosen(digest, self.share)

    def note_failure(self, digest: int, *, canary: bool) -> None:
        """Count a request that its version could not predict."""
        with self._lock:
            self._failed.add(digest, canary=canary)
            self._judge()

    def note_time(self, digest: int, seconds: float, *, canary: bool) -> None:
        """Count a predicted request that took this long."""
        with self._lock:
            if self._bound is not None and seconds > self._bound * (SLOWER if canary else 1.0):
                self._slow.add(digest, canary=canary)
                self._judge()
            if not canary:
                self._times.append(seconds)
                self._timed += 1
                if self._timed % _RENEWED == 0:
                    self._bound = float(np.quantile(self._times, QUANTILE))

    def _judge(self) -> None:
        self.breach = self.breach or judge_canary(self._failed.counts, self._slow.counts, self.share)


class _Distinct:
    """Counts of rows for each version. A row counts again only after many others."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._seen: OrderedDict[int, None] = OrderedDict()

    def add(self, digest: int, *, canary: bool) -> None:
        if digest in self._seen:
            self._seen.move_to_end(digest)
            return
        self._seen[digest] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        found = self.counts
        self.counts = Counts(found.canary + canary, found.previous + (not canary))
