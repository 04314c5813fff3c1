"""The faults of the matrix: where in a night each happens, and what happens outside of the task."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import psutil

from contender.embedded_airflow import Stack
from contender.orchestrator import Airflow
from contender.settings import PROJECT, Settings
from contender.specs import dag_id
from demo.nights import FAULTY, MODEL
from tests.disks import Disk
from tests.faults.processes import clock
from tests.faults.processes.in_task import Place
from tests.faults.processes.proxy import Trouble
from tests.faults.processes.servers import Servers

LOCKED, LOCKED_ON_POSTGRES = 20.0, 60.0  # seconds
IN_TROUBLE = 30.0  # seconds that a server is gone, slow or not available
JUMP, BEHIND = 3600, 60.0  # seconds
SPARK_WORKS = 4.0  # seconds before its JVM is killed
TROUBLES = {"gone": "gone", "slow": "slow", "unavailable": "answers 'not available'"}
COMMIT = "lake: SqlCatalog.commit_table"


class Scene(NamedTuple):
    """A running Airflow, and the servers of an installation that has them."""

    stack: Stack
    servers: Servers | None = None


Act = Callable[[Scene], None]


@dataclass(frozen=True)
class Fault:
    """A row of the matrix. `act` happens when a task has come to `place`; None kills the task itself.

    With `says`, the night must stop with one incident that contains this text. `mend` is what is done after the night,
    or once it has stopped; then it must go on. `needs` is where it can happen: SQLite databases and folders, servers,
    or what must be possible on this machine. With `refused`, a delivery fails its gate in this night; a mail says so.
    """

    name: str
    place: Place
    act: Act | None = None
    mend: Callable[[Path], None] | None = None
    says: str = ""
    needs: Literal["", "files", "servers", "disk", "clock"] = ""
    refused: bool = False


def _kill_task(name: str, dag: str, task: str, call: str, when: str) -> Fault:
    return Fault(name, Place(dag, task, call, when, kills=True))


def _kill_component(component: str, place: Place) -> Fault:
    def act(scene: Scene) -> None:
        os.kill(scene.stack.pids[component], signal.SIGKILL)

    return Fault(f"SIGKILL of the {component}", place, act)


def _kill_all(scene: Scene) -> None:
    for pid in _processes_of(scene.stack):
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(pid, signal.SIGKILL)


def _processes_of(stack: Stack) -> Iterator[int]:
    sessions = set(stack.pids.values())
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(pid) in sessions:
                yield pid


def _kill_spark(scene: Scene) -> None:
    """Wait for the JVM that builds features, let it work for some seconds, and kill it."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for pid in _processes_of(scene.stack):
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                if process.name() == "java" and any("build_features" in word for word in process.cmdline()):
                    time.sleep(SPARK_WORKS)
                    process.kill()
                    return
        time.sleep(0.2)
    raise TimeoutError("no JVM has built features")


def _lock(database: str) -> Act:
    def act(scene: Scene) -> None:
        file = scene.stack.home / database
        with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as connection:
            connection.execute("begin immediate")
            time.sleep(LOCKED)
            connection.execute("rollback")

    return act


def _servers(scene: Scene) -> Servers:
    assert scene.servers is not None, "a fault of servers needs them"
    return scene.servers


def _restart_postgres(scene: Scene) -> None:
    _servers(scene).restart_postgres()


def _lock_tables(database: str) -> Act:
    return lambda scene: _servers(scene).lock(database, LOCKED_ON_POSTGRES)


def _trouble(server: str, place: Place, *, refused: bool = False) -> Iterator[Fault]:
    """Yield a fault for each trouble that a server can have."""
    for trouble in get_args(Trouble):

        def act(scene: Scene, trouble: Trouble = trouble) -> None:
            with _servers(scene).proxies[server].suffering(trouble):
                time.sleep(IN_TROUBLE)

        name = f"{server} {TROUBLES[trouble]} for {IN_TROUBLE:.0f} s"
        yield Fault(name, place, act, needs="servers", refused=refused)


def _start_again(scene: Scene) -> None:
    """Start the newest run of a dataset a second time, while it runs."""
    with Airflow(scene.stack.url, scene.stack.password) as airflow:
        running = airflow.runs(INGEST)[-1]
        airflow.trigger(INGEST, partition_key=running.partition_key)


def _change_dag_files(scene: Scene) -> None:
    for file in (PROJECT / "dags").glob("*.py"):
        file.touch()


def lake_disk(home: Path) -> Disk:
    """Return the disk of an installation's lake."""
    return Disk(Path(Settings(home=home).lake))


def _fill(scene: Scene) -> None:
    lake_disk(scene.stack.home).fill()


def _make_read_only(scene: Scene) -> None:
    lake_disk(scene.stack.home).make_read_only()


def _mend_disk(home: Path) -> None:
    lake_disk(home).mend()


def clock_file(home: Path) -> Path:
    """Return the file that the clock of an installation's Airflow follows."""
    return home / "clock"


def _jump_ahead(scene: Scene) -> None:
    clock.set_clock(clock_file(scene.stack.home), JUMP)


def _jump_behind(scene: Scene) -> None:
    """Set the clock back for a while only: what waits for a time of day would wait for an hour."""
    clock.set_clock(clock_file(scene.stack.home), -JUMP)
    time.sleep(BEHIND)
    _jump_back(scene.stack.home)


def _jump_back(home: Path) -> None:
    clock.set_clock(clock_file(home), 0)
    time.sleep(3 * clock.CACHED)  # a retry that a process plans by the wrong clock would wait for an hour


INGEST, FEATURES, SCORE, RETRAIN = (
    dag_id("ingest", FAULTY),
    dag_id("features", MODEL),
    dag_id("score", MODEL),
    dag_id("retrain", MODEL),
)
TRAINING = Place(RETRAIN, "train", "registry: MlflowClient.create_run", "before", kills=False)
PUBLISHING = Place(INGEST, "admit.publish", "book: Publications.add", "before", kills=False)
PROMOTING = Place(RETRAIN, "promote", "book: Ledger.enter", "before", kills=False)
PLANNING_ON_SPARK = Place(
    FEATURES, "plan", "lake: SqlCatalog.load_table", "before", kills=False, engine="spark"
)
MAILING = Place(INGEST, "admit.gate", "book: Alerts.claim", "before", kills=False)

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
    Fault(f"book of record locked for {LOCKED:.0f} s", PROMOTING, _lock("records.db"), needs="files"),
    Fault(
        f"catalogue of the lake locked for {LOCKED:.0f} s",
        PUBLISHING,
        _lock("lake-catalog.db"),
        needs="files",
    ),
    Fault(f"model registry locked for {LOCKED:.0f} s", TRAINING, _lock("registry.db"), needs="files"),
    Fault("DAG files changed", TRAINING, _change_dag_files),
    Fault("a run started twice", PUBLISHING, _start_again),
    Fault("SIGKILL of Spark's JVM", PLANNING_ON_SPARK, _kill_spark, needs="files"),
    Fault("Postgres crashed and started again", PROMOTING, _restart_postgres, needs="servers"),
    *(
        Fault(
            f"tables of the {name} locked for {LOCKED_ON_POSTGRES:.0f} s",
            place,
            _lock_tables(database),
            needs="servers",
        )
        for name, place, database in (
            ("book of record", PROMOTING, "records"),
            ("catalogue of the lake", PUBLISHING, "lake"),
            ("model registry", TRAINING, "mlflow"),
        )
    ),
    *_trouble("model registry", TRAINING),
    *_trouble("S3", PUBLISHING),
    *_trouble("mail server", MAILING, refused=True),
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
    Fault("clock an hour ahead, then right", PUBLISHING, _jump_ahead, _jump_back, needs="clock"),
    Fault(f"clock an hour behind for {BEHIND:.0f} s", PUBLISHING, _jump_behind, needs="clock"),
)


def faults_on(*, servers: bool) -> list[Fault]:
    """Return the faults that can happen on servers, or on the databases and folders of one machine."""
    return [
        fault
        for fault in FAULTS
        if fault.needs in (("", "servers") if servers else ("", "files", "disk", "clock"))
    ]
