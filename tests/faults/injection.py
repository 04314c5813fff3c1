"""Faults, and the injector that makes them happen at the calls of a task's attempt."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from airflow.sdk.exceptions import AirflowTaskTimeout

from tests.disks import Disk
from tests.faults.store_calls import StoreCall, When

Kind = Literal["crash", "error", "outage", "time limit", "delay", "full disk", "read-only disk"]
KINDS: tuple[Kind, ...] = ("crash", "error", "outage", "time limit", "delay")
DISK_KINDS: tuple[Kind, ...] = (
    "full disk",
    "read-only disk",
)  # in a world whose lake is on a disk of its own


class Crash(BaseException):
    """The end of a process. Whatever a handler still does, it reaches no store: the process is dead."""


class Site(NamedTuple):
    """A place in a night: the n-th time that an attempt of a task comes before or after a store call."""

    task: str
    call: str
    number: int
    when: When

    @property
    def point(self) -> tuple[str, When]:
        """The store call, before or after."""
        return self.call, self.when

    def __str__(self) -> str:
        return f"{self.when} {self.call} (number {self.number}) in {self.task}"


class Fault(NamedTuple):
    """Something that happens at a site.

    `crash`: the process ends. `error`: the call fails, before or after it did its work. `outage`: so does every later
    try. `time limit`: Airflow ends the task. `delay`: the attempt is taken for dead, and the next runs to its end
    before this one continues. `full disk`, `read-only disk`: the lake's disk is so until the task has failed.
    """

    kind: Kind
    site: Site

    def __str__(self) -> str:
        return f"{self.kind} {self.site}"


@dataclass
class Process:
    """The process of an attempt: how often it has come to each store call, and whether it is dead."""

    task: str
    reached: Counter[str] = field(default_factory=Counter)
    dead: bool = False


@dataclass
class Injector:
    """Makes faults happen. `pending` are those that have not happened yet, in their order."""

    pending: list[Fault] = field(default_factory=list)
    happened: list[Fault] = field(default_factory=list)
    trace: list[Site] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None  # what runs while an attempt is delayed
    turns: Turns | None = None
    disk: Disk | None = None  # of the lake
    _local: threading.local = field(default_factory=threading.local)

    @contextmanager
    def process(self, process: Process) -> Iterator[None]:
        """Let a process run: store calls of this thread are its own."""
        before = getattr(self._local, "process", None)
        self._local.process = process
        try:
            yield
        finally:
            self._local.process = before

    def reach(self, call: StoreCall, when: When) -> None:
        """Note that the running process has come to a call, and make the faults of this site happen."""
        process: Process | None = getattr(self._local, "process", None)
        if process is None:
            return
        if process.dead:
            raise Crash
        process.reached[call.name] += when == "before"
        site = Site(process.task, call.name, process.reached[call.name], when)
        self.trace.append(site)
        if self.turns is not None:
            self.turns.take()
        if self.pending and self.pending[0].site == site:
            self._happen(self.pending[0], call, process)

    def _happen(self, fault: Fault, call: StoreCall, process: Process) -> None:
        if fault not in self.happened:
            self.happened.append(fault)
        if fault.kind == "outage":
            raise call.fail(fault.site.when)
        self.pending.pop(0)
        if fault.kind in DISK_KINDS:
            assert self.disk is not None
            self.disk.fill() if fault.kind == "full disk" else self.disk.make_read_only()
            return
        if fault.kind == "crash":
            process.dead = True
            raise Crash
        if fault.kind == "error":
            raise call.fail(fault.site.when)
        if fault.kind == "time limit":
            raise AirflowTaskTimeout("the time limit of the task is over")
        if self.meanwhile is not None:
            self.meanwhile()

    def end_outage(self) -> None:
        """End an outage: the task has been given up."""
        self.pending = [fault for fault in self.pending if fault.kind != "outage"]

    def mend_disk(self) -> None:
        """Free the lake's disk and make it writable again, as its owner does."""
        if self.disk is not None:
            self.disk.mend()


class Turns:
    """Lets threads take turns, one at a time, in an order that follows from a seed."""

    def __init__(self, seed: int, names: Sequence[str]) -> None:
        self._random, self._turn = random.Random(seed), threading.Condition()
        self._waiting = list(names)
        self._running = self._random.choice(self._waiting)

    def begin(self) -> None:
        """Wait for the first turn of the calling thread."""
        self._wait()

    def take(self) -> None:
        """Pass the turn to a thread, perhaps to the calling one, and wait for the next turn."""
        with self._turn:
            self._running = self._random.choice(self._waiting)
            self._turn.notify_all()
        self._wait()

    def end(self) -> None:
        """Leave the turns to the other threads."""
        with self._turn:
            self._waiting.remove(threading.current_thread().name)
            if self._waiting:
                self._running = self._random.choice(self._waiting)
            self._turn.notify_all()

    def _wait(self) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._running == threading.current_thread().name)
