"""Run an embedded Airflow: four processes on SQLite, with all state in one home folder."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO

from contender.embedded_airflow.environment import RANGES_POOL, make_environment, read_password, url_of
from contender.embedded_airflow.errors import StackError
from contender.embedded_airflow.processes import (
    COMPONENTS,
    Component,
    log_file,
    raise_if_ended,
    spawn,
    stop_components,
    tail,
)
from contender.embedded_airflow.state import end_leftovers, locked, write_state
from contender.orchestrator import find_unhealthy

DEFAULT_PORT = 8080
START_SECONDS = 180.0
STOP_SECONDS = 30.0  # time for running tasks to end
# In one process: each would take seconds to import Airflow.
_RUN_COMMANDS = """
import json, sys
from airflow.__main__ import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["airflow", *words]
    main()
"""

Progress = Callable[[str], None]


@dataclass
class Stack:
    """A running Airflow. The components are replaced when they are restarted."""

    home: Path
    port: int
    components: list[Component]
    environment: Mapping[str, str] = field(repr=False)
    lock: IO[str] = field(repr=False)

    @property
    def url(self) -> str:
        """The URL of its pages and API."""
        return url_of(self.port)

    @property
    def pids(self) -> dict[str, int]:
        """The id of the main process of each component."""
        return {component.name: component.pid for component in self.components}

    @property
    def password(self) -> str:
        """The password of the user `admin`, generated for this home."""
        return read_password(self.home)


@contextlib.contextmanager
def running(
    home: Path,
    project: Path,
    env: Mapping[str, str] | None = None,
    on_progress: Progress = print,
    *,
    port: int,
    smtp_port: int | None = None,
) -> Iterator[Stack]:
    """Run Airflow with the DAGs and plugins of `project` during the block, and wait until it is healthy.

    At the end, running tasks have some time to end, and no process is left.
    """
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    settings = make_environment(home, project, port=port, smtp_port=smtp_port, extra=env)
    with locked(home) as lock:
        if count := end_leftovers(lock):
            on_progress(f"Ended {count} processes that an interrupted run left behind")
        write_state(lock, port, [], healthy=False)
        prepare_database(home, settings, on_progress)
        stack = Stack(home, port, [], settings, lock)
        try:
            _start(stack, on_progress)
        except BaseException:
            stop_components(stack.components, patience=5.0)
            raise
        try:
            yield stack
        finally:
            on_progress("Stopping Airflow")
            stop_components(stack.components, STOP_SECONDS)


def restart_ended(stack: Stack, on_progress: Progress) -> None:
    """Start the components again that have ended, for example because the machine was out of memory."""
    for number, component in enumerate(stack.components):
        if (code := component.process.poll()) is None:
            continue
        on_progress(f"Airflow's {component.name} ended with code {code}: starting it again")
        stop_components([component], patience=1.0)
        stack.components[number] = spawn(component.name, stack.home, stack.environment)
        write_state(stack.lock, stack.port, stack.components, healthy=True)


def _start(stack: Stack, on_progress: Progress) -> None:
    on_progress("Starting Airflow: scheduler, DAG processor, triggerer and API server")
    for name in COMPONENTS:
        stack.components.append(spawn(name, stack.home, stack.environment))
        write_state(stack.lock, stack.port, stack.components, healthy=False)
    _wait_until_healthy(stack, START_SECONDS)
    write_state(stack.lock, stack.port, stack.components, healthy=True)
    on_progress(f"Airflow is healthy at {stack.url}")


def prepare_database(home: Path, env: Mapping[str, str], on_progress: Progress) -> None:
    """Create or upgrade Airflow's database and its pools, once per version and number of slots."""
    airflow = home / "airflow"
    airflow.mkdir(parents=True, exist_ok=True)
    slots = int(env["AIRFLOW__CORE__PARALLELISM"])
    done, current = airflow / "migrated", f"{version('apache-airflow')}, {slots} slots"
    if done.exists() and done.read_text() == current:
        return
    if not done.exists():
        (airflow / "airflow.db").unlink(missing_ok=True)  # incomplete after an interrupted start
    on_progress("Creating Airflow's database")
    _call_airflow(home, env, ["db", "migrate"], *_pools(slots))
    done.write_text(current)


def _pools(slots: int) -> Iterator[list[str]]:
    """Yield a command for each pool."""
    # LocalExecutor counts no running tasks: beyond its slots, it would queue tasks in the order in which they come.
    at_once = "As many tasks as run at once: the others wait by priority"
    yield ["pools", "set", "default_pool", str(slots), at_once]
    # Half of the slots: nights have the others while a range of days is loaded.
    yield ["pools", "set", RANGES_POOL, str(slots // 2), "Runs over ranges of days"]


def _call_airflow(home: Path, env: Mapping[str, str], *commands: Sequence[str]) -> None:
    log = log_file(home, "migrate")
    with log.open("ab") as file:
        outcome = subprocess.run(
            [sys.executable, "-c", _RUN_COMMANDS, json.dumps(commands)],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            check=False,
        )
    if outcome.returncode != 0:
        called = " or ".join(f"`airflow {' '.join(command[:2])}`" for command in commands)
        raise StackError(
            f"Airflow's database could not be created: {called} failed. The end of {log}:\n{tail(log)}"
        )


def _wait_until_healthy(stack: Stack, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while missing := find_unhealthy(stack.url):
        raise_if_ended(stack.components)
        if time.monotonic() > deadline:
            raise StackError(_overdue(stack, missing, timeout))
        time.sleep(0.25)
    raise_if_ended(stack.components)


def _overdue(stack: Stack, missing: list[str], timeout: float) -> str:
    suspects = [c for c in stack.components if c.name.replace("-", "_") in missing]
    tails = "\n".join(f"The end of {c.log}:\n{tail(c.log)}" for c in suspects[:1])
    return f"Airflow is not healthy after {timeout:.0f} s; still missing: {', '.join(missing)}. {tails}"
