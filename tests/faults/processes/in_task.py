"""An Airflow plugin that makes the fault of the running night happen inside the process of a task.

Airflow finds it by the entry point that `install` writes into a folder on its path. The fault waits in a file; the
attempt that comes to its store call takes the file away, so the fault happens once.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

VARIABLE = "FAULT_FILE"
PAUSE = 2.0  # seconds that a task waits at its site while the fault happens outside of it


_watching = ExitStack()  # until the process ends


class Place(NamedTuple):
    """A store call of a task: `when` is before or after it. `kills` is whether the task's own process is killed.

    The task has this engine, if one is named.
    """

    dag: str
    task: str
    call: str
    when: str
    kills: bool
    engine: str = ""

    def write(self, file: Path) -> None:
        """Let the fault wait for its task."""
        beside = file.with_suffix(".part")
        beside.write_text("\n".join(map(str, self)))
        beside.replace(file)

    @classmethod
    def read(cls, file: Path) -> Place | None:
        """Return the fault that waits, if any."""
        try:
            dag, task, call, when, kills, engine = file.read_text().split("\n")
        except FileNotFoundError:
            return None
        return cls(dag, task, call, when, kills == "True", engine)


def reached(file: Path) -> Path:
    """Return the file that exists once a task has come to the site of its fault."""
    return file.with_suffix(".reached")


@hookimpl  # type: ignore[untyped-decorator]
def on_task_instance_running(previous_state: Any, task_instance: Any) -> None:
    """Before a task runs: if the fault waits for it, watch its store calls until the process ends."""
    file = Path(os.environ[VARIABLE])
    place = Place.read(file)
    if place is None or (task_instance.dag_id, task_instance.task_id) != (place.dag, place.task):
        return
    from contender.settings import settings
    from tests.faults.store_calls import instrumented

    if place.engine:
        os.environ["CONTENDER_ENGINE"] = place.engine
        settings.cache_clear()  # parsing the DAG has read them

    def reach(call: Any, when: str) -> None:
        if (call.name, when) != (place.call, place.when):
            return
        try:
            file.rename(reached(file))
        except FileNotFoundError:
            return  # the fault has happened
        if place.kills:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(PAUSE)

    _watching.enter_context(instrumented(reach))


class FaultPlugin(AirflowPlugin):  # type: ignore[misc]
    """Registers this module as a listener."""

    name = "faults"
    listeners: ClassVar[list[Any]] = [sys.modules[__name__]]


def install(folder: Path) -> None:
    """Write the entry point of the plugin into a folder that will be on Python's path."""
    described = folder / "contender_faults-0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: contender-faults\nVersion: 0\n")
    entry = f"[airflow.plugins]\nfaults = {__name__}:{FaultPlugin.__name__}\n"
    (described / "entry_points.txt").write_text(entry)
