"""The faults of the matrix: where in a night each happens, and what happens outside of the task."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from contender.embedded_airflow import Stack
from contender.settings import PROJECT, Settings
from contender.specs import dag_id
from demo.nights import FAULTY, MODEL
from tests.disks import Disk
from tests.faults.processes import clock
from tests.faults.processes.in_task import Place

LOCKED = 20.0  # seconds
JUMP = 3600
COMMIT = "lake: SqlCatalog.commit_table"


@dataclass(frozen=True)
class Fault:
    """A row of the matrix. `act` happens when a task has come to `place`; None kills the task itself.

    With `says`, the night must stop with one incident that contains this text. `mend` is what is done after the night,
    or once it has stopped; then it must go on. `needs` is what must be possible on this machine.
    """

    name: str
    place: Place
    act: Callable[[Stack, Path], None] | None = None
    mend: Callable[[Path], None] | None = None
    says: str = ""
    needs: Literal["", "disk", "clock"] = ""


def _kill_task(name: str, dag: str, task: str, call: str, when: str) -> Fault:
    return Fault(name, Place(dag, task, call, when, kills=True))


def _kill_component(component: str, place: Place) -> Fault:
    def act(stack: Stack, home: Path) -> None:
        os.kill(stack.pids[component], signal.SIGKILL)

    return Fault(f"SIGKILL of the {component}", place, act)


def _kill_all(stack: Stack, home: Path) -> None:
    sessions = set(stack.pids.values())
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            if os.getsid(pid) in sessions:
                os.kill(pid, signal.SIGKILL)


def _lock(database: str) -> Callable[[Stack, Path], None]:
    def act(stack: Stack, home: Path) -> None:
        with closing(sqlite3.connect(home / database, timeout=60, isolation_level=None)) as connection:
            connection.execute("begin immediate")
            time.sleep(LOCKED)
            connection.execute("rollback")

    return act


def _change_dag_files(stack: Stack, home: Path) -> None:
    for file in (PROJECT / "dags").glob("*.py"):
        file.touch()


def lake_disk(home: Path) -> Disk:
    """Return the disk of an installation's lake."""
    return Disk(Path(Settings(home=home).lake))


def _fill(stack: Stack, home: Path) -> None:
    lake_disk(home).fill()


def _make_read_only(stack: Stack, home: Path) -> None:
    lake_disk(home).make_read_only()


def _mend_disk(home: Path) -> None:
    lake_disk(home).mend()


def clock_file(home: Path) -> Path:
    """Return the file that the clock of an installation's Airflow follows."""
    return home / "clock"


def _jump(seconds: int) -> Callable[[Stack, Path], None]:
    def act(stack: Stack, home: Path) -> None:
        clock.set_clock(clock_file(home), seconds)

    return act


def _jump_back(home: Path) -> None:
    clock.set_clock(clock_file(home), 0)


INGEST, FEATURES, SCORE, RETRAIN = (
    dag_id("ingest", FAULTY),
    dag_id("features", MODEL),
    dag_id("score", MODEL),
    dag_id("retrain", MODEL),
)
TRAINING = Place(RETRAIN, "train", "registry: MlflowClient.create_run", "before", kills=False)
PUBLISHING = Place(INGEST, "admit.publish", "book: Publications.add", "before", kills=False)
PROMOTING = Place(RETRAIN, "promote", "book: Ledger.enter", "before", kills=False)

FAULTS = (
    _kill_task("SIGKILL of a publication, before its commit", INGEST, "admit.publish", COMMIT, "before"),
    _kill_task("SIGKILL of a publication, after its commit", INGEST, "admit.publish", COMMIT, "after"),
    _kill_task(
        "SIGKILL of a gate, after its result is stored",
        INGEST,
        "admit.gate",
        "book: GateResults.add",
        "after",
    ),
    _kill_task(
        "SIGKILL of training, after its version is registered",
        RETRAIN,
        "train",
        "registry: MlflowClient.create_model_version",
        "after",
    ),
    _kill_task(
        "SIGKILL of a decision, after its entry in the ledger",
        RETRAIN,
        "promote",
        "book: Ledger.enter",
        "after",
    ),
    _kill_task("SIGKILL of scored predictions, after their commit", SCORE, "admit.publish", COMMIT, "after"),
    *(_kill_component(name, TRAINING) for name in ("scheduler", "dag-processor", "triggerer", "api-server")),
    Fault("SIGKILL of all of Airflow", TRAINING, _kill_all),
    Fault(f"book of record locked for {LOCKED:.0f} s", PROMOTING, _lock("records.db")),
    Fault(f"catalogue of the lake locked for {LOCKED:.0f} s", PUBLISHING, _lock("lake-catalog.db")),
    Fault(f"model registry locked for {LOCKED:.0f} s", TRAINING, _lock("registry.db")),
    Fault("DAG files changed", TRAINING, _change_dag_files),
    Fault(
        "disk of the lake full",
        PUBLISHING,
        _fill,
        _mend_disk,
        says="lake is full",
        needs="disk",
    ),
    Fault(
        "disk of the lake read-only",
        PUBLISHING,
        _make_read_only,
        _mend_disk,
        says="lake is read-only",
        needs="disk",
    ),
    Fault("clock an hour ahead, then right", PUBLISHING, _jump(JUMP), _jump_back, needs="clock"),
    Fault("clock an hour behind, then right", PUBLISHING, _jump(-JUMP), _jump_back, needs="clock"),
)
