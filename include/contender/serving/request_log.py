"""The log of answered requests: kept in a bounded queue, and written to the lake by a thread.

An answer never waits for the log, and never fails because of it. What does not fit into the queue is counted and left
out.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Mapping
from json import JSONDecodeError
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from contender.errors import PermanentError
from contender.lake import append, places, stage
from contender.redaction import redact
from contender.serving.answering import Answered
from contender.serving.logged_rows import tabulate
from contender.serving.metrics import Metrics
from contender.specs import Days

if TYPE_CHECKING:
    from contender.installation import Installation

log = logging.getLogger(__name__)

FLUSH_SECONDS = 60.0
MOST_ANSWERS, MOST_ROWS = 10_000, 200_000  # in memory; an answer with 20 features takes about 20 kB
_FULL = 4  # a flush begins when this part of either is in memory
_STOP_SECONDS = 60.0


class RequestLog:
    """Answers that wait to be written. `note` is called by the threads that answer, the rest by the log's thread."""

    def __init__(self, here: Installation, metrics: Metrics) -> None:
        self._here, self._metrics = here, metrics
        self._share = here.settings.request_log_share
        self._lock, self._wake, self._stop = Lock(), Event(), Event()
        self._new: list[Answered] = []
        self._unwritten: dict[str, list[Answered]] = {}
        self._answers = self._rows = self._left_out = 0
        self._thread: Thread | None = None

    def note(self, answered: Answered) -> bool:
        """Keep a share of the answers, each at once. Returns whether it is logged; not if no row was predicted."""
        # Which requests are logged is no secret.
        return random.random() < self._share and answered.rows > 0 and self.keep(answered)  # noqa: S311

    def keep(self, answered: Answered) -> bool:
        """Keep an answer, or leave it out if too many wait; in either case at once. Returns whether it is kept."""
        with self._lock:
            fits = self._answers < MOST_ANSWERS and self._rows + answered.rows <= MOST_ROWS
            if fits:
                self._new.append(answered)
                self._answers += 1
                self._rows += answered.rows
            else:
                self._left_out += answered.rows
            full = self._answers * _FULL >= MOST_ANSWERS or self._rows * _FULL >= MOST_ROWS
        if not fits:
            self._metrics.unlogged.labels(answered.version.model.name).inc(answered.rows)
        elif full:
            self._wake.set()
        return fits

    def start(self) -> None:
        """Begin to write in a thread."""
        self._thread = Thread(target=self._run, name="log requests", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is in memory, and end the thread. Returns after a minute if the lake does not answer."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        if self._answers:
            log.error("%d answered requests were not logged: the lake does not answer", self._answers)

    def flush(self) -> None:
        """Write what is in memory, in one commit for each model. What cannot be written now is tried again."""
        with self._lock:
            new, self._new = self._new, []
            left_out, self._left_out = self._left_out, 0
        if left_out:
            log.warning("%d rows were not logged: too many waited to be written", left_out)
        # An earlier attempt may have been committed although its answer was lost. It is repeated with the same rows.
        for name, answers in list(self._unwritten.items()):
            self._write(name, answers)
        by_model = _by_model(new)
        new.clear()
        for name, answers in by_model.items():
            if name in self._unwritten:
                self._unwritten[name] += answers
            else:
                self._write(name, answers)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            self.flush()
        self.flush()

    def _write(self, name: str, answers: list[Answered]) -> None:
        """Write the answers of a model; keep them for the next attempt if the lake does not answer."""
        rows = sum(answered.rows for answered in answers)
        try:
            self._append(answers)
            self._metrics.logged.labels(name).inc(rows)
        except Exception as error:
            reason = redact(f"{type(error).__name__}: {error}")
            if not _is_permanent(error):
                log.warning("The log of %s is written later: %s", name, reason)
                self._unwritten[name] = answers
                return
            log.error("%d answers of %s were not logged: %s", rows, name, reason)
            self._metrics.unlogged.labels(name).inc(rows)
        self._unwritten.pop(name, None)
        with self._lock:
            self._answers -= len(answers)
            self._rows -= rows
        while answers:  # freeing all at once would hold up the threads that answer
            answers.pop()

    def _append(self, answers: list[Answered]) -> None:
        contract = answers[0].version.model.request_contract
        days = sorted({answered.at.date() for answered in answers})
        batch = stage(
            tabulate(answers), contract, Days(first=days[0], last=days[-1]), self._here.settings.staging
        )
        append(self._here.lake, contract, batch)
        for file in batch.files:
            places.remove(file.path)


def _is_permanent(error: Exception) -> bool:
    """Return whether the next attempt would fail, too; all else comes from a client whose store does not answer."""
    if isinstance(
        error, OSError | JSONDecodeError
    ):  # as ValueErrors, the page of a proxy in place of an answer
        return False
    return isinstance(error, PermanentError | TypeError | LookupError | ValueError)


def _by_model(answers: Iterable[Answered]) -> Mapping[str, list[Answered]]:
    found: dict[str, list[Answered]] = {}
    for answered in answers:
        found.setdefault(answered.version.model.name, []).append(answered)
    return found
