"""Shadow predictions of requests: challengers predict answered requests in the background, for the log only.

A thread predicts them while no request is being answered, and rests in between, so that few requests arrive during a
prediction. An answer only appends to a bounded queue; what does not fit is counted and left out.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from contender.errors import PermanentError
from contender.redaction import redact
from contender.serving.answering import Answered, predict_again
from contender.serving.metrics import Metrics
from contender.serving.request_log import RequestLog
from contender.serving.served import ServedModel
from contender.serving.versions import LoadedVersion, load_version

if TYPE_CHECKING:
    from contender.installation import Installation
    from contender.records import TrainedVersion

log = logging.getLogger(__name__)

MOST_ANSWERS, MOST_ROWS = 1000, 20_000  # that wait
QUIET_SECONDS = 0.01  # without a request, before a prediction begins
LARGEST_SHARE = 0.1  # of the time that predictions take
_RETRY_SECONDS = 30.0  # until a version that could not be loaded is tried again


class Traffic:
    """Whether requests are being answered. The event loop counts them, so that no lock is needed."""

    def __init__(self) -> None:
        self._answering = 0
        self._last = 0.0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a request until the end of the block."""
        self._answering += 1
        try:
            yield
        finally:
            self._last = time.monotonic()
            self._answering -= 1

    @property
    def is_quiet(self) -> bool:
        """Whether no request is being answered, nor was a moment ago."""
        return not self._answering and time.monotonic() - self._last >= QUIET_SECONDS


class Shadow:
    """Answered requests that wait for their shadow predictions."""

    def __init__(self, here: Installation, metrics: Metrics, request_log: RequestLog) -> None:
        self._here, self._metrics, self._log = here, metrics, request_log
        self.traffic = Traffic()
        self._lock, self._wake, self._stop = Lock(), Event(), Event()
        self._waiting: deque[tuple[ServedModel, Answered]] = deque()
        self._rows = 0
        self._named: dict[str, Sequence[TrainedVersion]] = {}
        self._loaded: dict[str, Mapping[int, LoadedVersion]] = {}
        self._failed: dict[tuple[str, int], float] = {}
        self._thread: Thread | None = None

    def name_versions(self, served: ServedModel, versions: Sequence[TrainedVersion]) -> None:
        """Name the challengers of a model. The shadow's thread loads them."""
        self._named[served.spec.name] = versions

    def note(self, served: ServedModel, answered: Answered) -> None:
        """Keep an answered request for its shadow predictions, or leave it out if too many wait; at once."""
        if not served.spec.serving.shadow:
            return
        with self._lock:
            fits = len(self._waiting) < MOST_ANSWERS and self._rows + answered.rows <= MOST_ROWS
            if fits:
                self._waiting.append((served, answered))
                self._rows += answered.rows
        if fits:
            self._wake.set()
        else:
            self._metrics.shadow_left_out.labels(served.spec.name).inc(answered.rows)

    def start(self) -> None:
        """Begin to predict in a thread."""
        self._thread = Thread(target=self._run, name="shadow", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the present prediction. What waits is left out."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def predict_waiting(self) -> None:
        """Predict what waits, as long as no request is being answered."""
        while self._waiting and not self._stop.is_set():
            if not self.traffic.is_quiet:
                self._stop.wait(QUIET_SECONDS)
                continue
            with self._lock:
                served, answered = self._waiting.popleft()
                self._rows -= answered.rows
            took = sum(self._predict(served, answered, number) for number in self._choose(served, answered))
            self._stop.wait(took * (1 / LARGEST_SHARE - 1))

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            try:
                self.predict_waiting()
            except Exception:  # a bug must not end the thread unnoticed
                log.exception("Shadow predictions were not made")

    def _choose(self, served: ServedModel, answered: Answered) -> Iterator[int]:
        """Yield the challengers of an answer: the newest version of each other recipe."""
        for version in self._named.get(served.spec.name, ()):
            if version.recipe != answered.version.record.recipe:
                yield version.version

    def _predict(self, served: ServedModel, answered: Answered, number: int) -> float:
        """Log a challenger's predictions of an answered request. Returns the seconds that they took."""
        name, began = served.spec.name, time.monotonic()
        try:
            version = self._obtain(served, number)
            if version is None:
                self._metrics.shadow_failed.labels(name).inc(answered.rows)
                return 0.0
            began = time.monotonic()
            scores = predict_again(version, answered)
        except Exception as error:  # of a version that does not serve
            self._metrics.shadow_failed.labels(name).inc(answered.rows)
            reason = redact(f"{type(error).__name__}: {error}")
            log.warning("%s: version %s made no shadow predictions: %s", name, number, reason)
            return time.monotonic() - began
        took = time.monotonic() - began
        self._log.keep(replace(answered, version=version, role="shadow", scores=scores))
        self._metrics.shadow.labels(name).inc(answered.rows)
        return took

    def _obtain(self, served: ServedModel, number: int) -> LoadedVersion | None:
        """Return a version from memory, or load it; None for some time after it could not be loaded."""
        name = served.spec.name
        known = self._loaded.get(name, {})
        if number in known:
            return known[number]
        failed = self._failed.get((name, number))
        if failed is not None and time.monotonic() - failed < _RETRY_SECONDS:
            return None
        try:
            loaded = load_version(served.spec, self._here.registry, number, 0, datetime.now(UTC))
        except Exception as error:
            self._failed[name, number] = (
                float("inf") if isinstance(error, PermanentError) else time.monotonic()
            )
            raise
        named = {version.version for version in self._named.get(name, ())}
        self._loaded[name] = {n: one for n, one in known.items() if n in named} | {number: loaded}
        return loaded
