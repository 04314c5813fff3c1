"""The record of the Airflow that runs in a home: `stack.json`, locked by the process that keeps it running."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from contender.embedded_airflow.environment import url_of
from contender.embedded_airflow.errors import StackError
from contender.embedded_airflow.processes import Component, end_processes, find_session, read_start

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class State:
    """What a home's `stack.json` records; without a pid, no Airflow was started or it was stopped in order."""

    running: bool  # whether the process that keeps Airflow running is alive
    pid: int | None = None
    started: float = 0.0  # start of that process in seconds since the machine's, to recognise a reused pid
    boot: str = ""  # start of the machine
    url: str = ""
    healthy: bool = False
    components: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def processes(self) -> list[Any]:
        """The living processes of all recorded components, with their descendants; none after a reboot."""
        sessions = self.components.values() if self.boot == _read_boot() else ()
        return [process for one in sessions for process in find_session(one["pid"], one["started"])]


def read_state(home: Path) -> State:
    """Return the state of the Airflow in this home."""
    path = _path(home)
    if not path.exists():
        return State(running=False)
    with path.open("a+") as file:
        return _read(file, running=not _lock(file))


@contextlib.contextmanager
def locked(home: Path) -> Iterator[IO[str]]:
    """Hold the lock of the home during the block. Raises StackError if an Airflow runs in it.

    The kernel releases the lock when the process ends, however it ends. Components that an interrupted run left behind
    are ended first, so that no two schedulers use one database; `home` must exist.
    """
    file = _path(home).open("a+")
    if not _lock(file):
        holder = _read(file, running=True)
        file.close()
        raise StackError(
            f"An Airflow already runs in {home}: {holder.url or 'still starting'}, "
            f"process {holder.pid or 'unknown'}. Stop it first, or use another home."
        )
    try:
        yield file
    finally:
        # The file is emptied, not removed: another start may already wait for its lock.
        file.seek(0)
        file.truncate()
        file.close()


def end_leftovers(lock: IO[str]) -> int:
    """End the processes of an interrupted run. Returns how many there were."""
    orphans = _read(lock, running=False).processes
    end_processes(orphans)
    return len(orphans)


def write_state(lock: IO[str], port: int, components: Sequence[Component], *, healthy: bool) -> None:
    """Record the running processes, so that another command can find them, or clean up after a crash."""
    sessions = {c.name: {"pid": c.pid, "started": c.started} for c in components}
    own = psutil.Process()
    lock.seek(0)
    lock.truncate()
    json.dump(
        {
            "pid": os.getpid(),
            "started": read_start(own),
            "boot": _read_boot(),
            "url": url_of(port),
            "healthy": healthy,
            "components": sessions,
        },
        lock,
    )
    lock.flush()


def _read_boot() -> str:
    """Return the id of the machine's start; empty where the system has none."""
    return _BOOT.read_text().strip() if _BOOT.exists() else ""


def _path(home: Path) -> Path:
    return home / "stack.json"


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: IO[str], *, running: bool) -> State:
    file.seek(0)
    try:
        return State(running=running, **json.loads(file.read() or "{}"))
    except (json.JSONDecodeError, TypeError):  # half written, or by another release
        return State(running=running)
