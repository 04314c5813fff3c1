"""The processes of an embedded Airflow: start components, and stop them with all their descendants.

Each component leads its own session, detached from the terminal. Components are stopped one by one by process id;
remaining child processes are found by their session.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from contender.embedded_airflow.errors import StackError

COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
    "api-server": ("api-server",),
}
_CLOCK_SECONDS = 2  # how far two readings of a process's start may differ


@dataclass(frozen=True)
class Component:
    """A running component of Airflow."""

    name: str
    process: Any = field(repr=False)  # psutil.Popen
    log: Path
    started: float  # in seconds since the machine

    @property
    def pid(self) -> int:
        """The id of its main process, which is also the id of its session."""
        return int(self.process.pid)


def spawn(name: str, home: Path, env: Mapping[str, str]) -> Component:
    """Start a component; its output is appended to its log."""
    log = log_file(home, name)
    with log.open("ab") as file:
        process = psutil.Popen(
            [sys.executable, "-m", "airflow", *COMPONENTS[name]],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    return Component(name, process, log, read_start(process))


def raise_if_ended(components: Sequence[Component]) -> None:
    """Raise StackError with the end of the log if a component has ended."""
    for component in components:
        if (code := component.process.poll()) is not None:
            raise StackError(
                f"Airflow's {component.name} ended with code {code}. "
                f"The end of {component.log}:\n{tail(component.log)}"
            )


def stop_components(components: Sequence[Component], patience: float) -> None:
    """Terminate each component's main process, then end the remaining processes of each session.

    A signal to the whole process group would make the scheduler hang, waiting for workers that have already ended.
    """
    family = {process for component in components for process in _family(component)}
    deadline = time.monotonic() + patience
    last = [c for c in components if c.name == "api-server"]  # running tasks report to it until they end
    for wave in ([c for c in components if c not in last], last):
        for component in wave:
            _terminate(component.process)
        while any(_alive(c.process) for c in wave) and time.monotonic() < deadline:
            family.update(process for component in wave for process in _family(component))
            time.sleep(0.1)
    family.update(process for component in components for process in _family(component))
    end_processes([process for process in family if _alive(process)])
    for component in components:
        component.process.wait(timeout=10)


def _terminate(process: Any) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()


def _family(component: Component) -> list[Any]:
    """Return the component's process, its descendants, and all other processes of its session."""
    family = find_session(component.pid)
    with contextlib.suppress(psutil.NoSuchProcess):
        family += component.process.children(recursive=True)
    return family


def read_start(process: Any) -> float:
    """Return when a process started, in seconds since the machine did: the clock may be set while it runs."""
    return float(process.create_time() - psutil.boot_time())


def is_same(process: Any, started: float) -> bool:
    """Return whether a process started then, so that its id was not reused."""
    return abs(read_start(process) - started) <= _CLOCK_SECONDS


def find_session(leader: int, started: float | None = None) -> list[Any]:
    """Return the processes of a session; none if its id was reused by another process."""
    members = []
    for pid in psutil.pids():
        with contextlib.suppress(psutil.NoSuchProcess):
            if _session_of(pid) == leader:
                members.append(psutil.Process(pid))
    reused = started is not None and any(
        process.pid == leader and not is_same(process, started) for process in members
    )
    return [] if reused else members


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _alive(process: Any) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.is_running())
    except psutil.NoSuchProcess:
        return False


def end_processes(processes: Sequence[Any], patience: float = 3.0) -> None:
    """Terminate the processes, kill those that do not end, and wait for all of them."""
    for process in processes:
        _terminate(process)
    _, left = psutil.wait_procs(processes, timeout=patience)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=patience)


def log_file(home: Path, name: str) -> Path:
    """Return the log file of a component or step; its folder is created."""
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
