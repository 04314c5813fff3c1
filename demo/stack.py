"""Start and stop an embedded Airflow: four processes on SQLite, with all state in one home folder.

Each component leads its own session, detached from the terminal. Components are stopped one by one by process id;
remaining child processes are found by their session.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import httpx
import psutil

from contender.urls import sqlite_url

USER = "admin"
HOST = "127.0.0.1"
DEFAULT_PORT = 8080
START_SECONDS = 180.0
STOP_SECONDS = 30.0  # time for running tasks to end

COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
    "api-server": ("api-server",),
}

Progress = Callable[[str], None]


class StackError(RuntimeError):
    """Airflow cannot be started or stopped; the message says why and what to do."""


@dataclass(frozen=True)
class Component:
    """A running component of Airflow."""

    name: str
    process: Any = field(repr=False)  # psutil.Popen
    log: Path

    @property
    def pid(self) -> int:
        """The id of its main process, which is also the id of its session."""
        return int(self.process.pid)


@dataclass(frozen=True)
class Stack:
    """A running Airflow."""

    home: Path
    port: int
    components: tuple[Component, ...]
    lock: IO[str] = field(repr=False)

    @property
    def url(self) -> str:
        """The URL of its pages and API."""
        return _url(self.port)

    @property
    def pids(self) -> dict[str, int]:
        """The id of the main process of each component."""
        return {component.name: component.pid for component in self.components}

    @property
    def password(self) -> str:
        """The password of the user `admin`, generated for this home."""
        return _password(self.home)


def environment(
    home: Path,
    project: Path,
    *,
    port: int = DEFAULT_PORT,
    smtp_port: int | None = None,
    extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the complete environment of an Airflow process of this home."""
    home, project = home.resolve(), project.resolve()
    return {
        **_inherited(),
        **_airflow_settings(home, project, port),
        **_secrets(home),
        **_connections(smtp_port),
        **_library_settings(),
        **(extra or {}),
    }


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
    """Run Airflow with the DAGs and plugins of `project` during the block, and wait until it is healthy."""
    settings = environment(home, project, port=port, smtp_port=smtp_port, extra=env)
    stack = _start(home.resolve(), port, settings, on_progress)
    try:
        yield stack
    finally:
        _stop(stack, on_progress)


def _start(home: Path, port: int, settings: Mapping[str, str], on_progress: Progress) -> Stack:
    home.mkdir(parents=True, exist_ok=True)
    lock = _acquire(home)
    started: list[Component] = []
    try:
        _stop_leftovers(lock, on_progress)
        _migrate(home, settings, on_progress)
        on_progress("Starting Airflow: scheduler, DAG processor, triggerer and API server")
        for name in COMPONENTS:
            started.append(_spawn(name, home, settings))
            _note(lock, port, started)
        stack = Stack(home, port, tuple(started), lock)
        _wait_until_healthy(stack, START_SECONDS, on_progress)
    except BaseException:
        _stop_components(started, patience=5.0)
        _release(lock)
        raise
    return stack


def _stop(stack: Stack, on_progress: Progress) -> None:
    """Stop all components; running tasks have some time to end, and no process is left."""
    on_progress("Stopping Airflow")
    _stop_components(stack.components, STOP_SECONDS)
    _release(stack.lock)


def free_port(preferred: int = 0) -> int:
    """Return `preferred` if the port is free, otherwise another free port."""
    for candidate in (preferred, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, candidate))
            return int(probe.getsockname()[1])
    raise StackError(f"No free port on {HOST}.")


@contextlib.contextmanager
def peak_memory(pid: int | None = None, *, every: float = 1.0) -> Iterator[Callable[[], int]]:
    """Yield a function that returns the peak memory (bytes) of all descendants of `pid` so far.

    Shared pages of forked processes are counted once (PSS).
    """
    root = psutil.Process(pid)
    peak = 0
    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, memory(root.pid))
            done.wait(every)

    sampler = threading.Thread(target=sample, name="peak-memory", daemon=True)
    sampler.start()
    try:
        yield lambda: peak
    finally:
        done.set()
        sampler.join()


def memory(pid: int | None = None) -> int:
    """Return the current memory (bytes, PSS) of all descendants of `pid`."""
    total = 0
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            figures = process.memory_full_info()
            total += getattr(figures, "pss", figures.uss)  # PSS exists only on Linux
    return total


def _url(port: int) -> str:
    return f"http://{HOST}:{port}"


def _inherited() -> dict[str, str]:
    """Return the caller's environment without variables of another Airflow or that slow down every start."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW_", "_AIRFLOW_")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    no_proxy = ",".join(filter(None, [kept.get("NO_PROXY") or kept.get("no_proxy"), HOST, "localhost"]))
    beside_python = str(Path(sys.executable).parent)  # contains spark-submit
    return {
        **kept,
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "PATH": os.pathsep.join([beside_python, kept.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": sys.prefix,
    }


def _airflow_settings(home: Path, project: Path, port: int) -> dict[str, str]:
    airflow = home / "airflow"
    sections: dict[str, dict[str, object]] = {
        "CORE": {
            "DAGS_FOLDER": project / "dags",
            "PLUGINS_FOLDER": project / "plugins",
            "LOAD_EXAMPLES": False,
            "EXECUTOR": "LocalExecutor",
            "PARALLELISM": 4,
            # A partition timetable creates a run for today as soon as its DAG is active; the demo unpauses DAGs itself.
            "DAGS_ARE_PAUSED_AT_CREATION": True,
            "DAGBAG_IMPORT_TIMEOUT": 120,
            "SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "SIMPLE_AUTH_MANAGER_ALL_ADMINS": False,
            "SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": _password_file(home),
            # Otherwise tasks use the default port and fail with an empty log.
            "EXECUTION_API_SERVER_URL": f"{_url(port)}/execution/",
        },
        "DATABASE": {"SQL_ALCHEMY_CONN": sqlite_url(airflow / "airflow.db")},
        "API": {"HOST": HOST, "PORT": port, "BASE_URL": _url(port), "WORKERS": 1},
        "SCHEDULER": {
            "SCHEDULER_IDLE_SLEEP_TIME": 0.2,
            "SCHEDULER_HEARTBEAT_SEC": 2,
            "TASK_INSTANCE_HEARTBEAT_TIMEOUT": 30,
            "TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": 5,
            "ORPHANED_TASKS_CHECK_INTERVAL": 15,
        },
        "DAG_PROCESSOR": {"PARSING_PROCESSES": 2, "REFRESH_INTERVAL": 30},
        "LOGGING": {
            "COLORED_CONSOLE_LOG": False,
            "NAMESPACE_LEVELS": "great_expectations=WARNING evidently=WARNING",
        },
    }
    return {"AIRFLOW_HOME": str(airflow)} | {
        f"AIRFLOW__{section}__{key}": str(value)
        for section, options in sections.items()
        for key, value in options.items()
    }


def _connections(smtp_port: int | None) -> dict[str, str]:
    connections: dict[str, dict[str, object]] = {
        "SPARK_DEFAULT": {"conn_type": "spark", "host": "local[2]"},
    }
    if smtp_port is not None:
        connections["SMTP_DEFAULT"] = {
            "conn_type": "smtp",
            "host": HOST,
            "port": smtp_port,
            "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "contender@localhost"},
        }
    return {f"AIRFLOW_CONN_{name}": json.dumps(connection) for name, connection in connections.items()}


def _library_settings() -> dict[str, str]:
    return {
        "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "SPARK_LOCAL_IP": HOST,
        "OMP_NUM_THREADS": "1",
        # The demo sends no telemetry.
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _secrets(home: Path) -> dict[str, str]:
    """Return the secrets of this home; they are generated on first use and readable only by their owner."""
    _password(home)
    return _kept(
        home / "secrets.json",
        {
            "AIRFLOW__CORE__FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        },
    )


def _password(home: Path) -> str:
    return _kept(_password_file(home), {USER: secrets.token_urlsafe(12)})[USER]


def _password_file(home: Path) -> Path:
    return home / "passwords.json"


def _kept(path: Path, fresh: Mapping[str, str]) -> dict[str, str]:
    """Read a file; if it does not exist, write `fresh` to it first."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(fresh, file)
        with contextlib.suppress(FileExistsError):  # another process was first: use its file
            os.link(draft, path)
        draft.unlink()
    content: dict[str, str] = json.loads(path.read_text())
    return content


def _acquire(home: Path) -> IO[str]:
    """Acquire the lock of the home; the kernel releases it when the process ends, however it ends."""
    file = (home / "stack.json").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _noted(file)
        file.close()
        raise StackError(
            f"An Airflow already runs in {home}: {holder.get('url', 'still starting')}, "
            f"process {holder.get('pid', 'unknown')}. Stop it first, or use another home."
        ) from None
    return file


def _note(lock: IO[str], port: int, components: list[Component]) -> None:
    """Record the running processes, so that the next start can report them, or clean up after a crash."""
    sessions = {c.name: {"pid": c.pid, "started": c.process.create_time()} for c in components}
    lock.seek(0)
    lock.truncate()
    json.dump({"pid": os.getpid(), "url": _url(port), "components": sessions}, lock)
    lock.flush()


def _noted(lock: IO[str]) -> dict[str, Any]:
    lock.seek(0)
    try:
        noted: dict[str, Any] = json.loads(lock.read() or "{}")
    except json.JSONDecodeError:
        return {}
    return noted


def _release(lock: IO[str]) -> None:
    # The file is emptied, not removed: another start may already wait for its lock.
    lock.seek(0)
    lock.truncate()
    lock.close()


def _stop_leftovers(lock: IO[str], on_progress: Progress) -> None:
    """End processes of a crashed run, so that no two schedulers use one database."""
    noted = _noted(lock).get("components", {}).values()
    orphans = [p for component in noted for p in _session(component["pid"], component["started"])]
    if orphans:
        on_progress(f"Ending {len(orphans)} processes that an interrupted run left behind")
        _end(orphans)


def _migrate(home: Path, env: Mapping[str, str], on_progress: Progress) -> None:
    """Create or upgrade Airflow's database, once per version."""
    airflow = home / "airflow"
    airflow.mkdir(parents=True, exist_ok=True)
    done, current = airflow / "migrated", version("apache-airflow")
    if done.exists() and done.read_text() == current:
        return
    if not done.exists():
        (airflow / "airflow.db").unlink(missing_ok=True)  # incomplete after an interrupted start
    on_progress("Creating Airflow's database")
    log = _log(home, "migrate")
    with log.open("ab") as file:
        outcome = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            check=False,
        )
    if outcome.returncode != 0:
        raise StackError(f"Airflow's database could not be created. The end of {log}:\n{_tail(log)}")
    done.write_text(current)


def _spawn(name: str, home: Path, env: Mapping[str, str]) -> Component:
    log = _log(home, name)
    with log.open("ab") as file:
        process = psutil.Popen(
            [sys.executable, "-m", "airflow", *COMPONENTS[name]],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    return Component(name, process, log)


def _wait_until_healthy(stack: Stack, timeout: float, on_progress: Progress) -> None:
    deadline = time.monotonic() + timeout
    with httpx.Client(trust_env=False, timeout=5.0) as client:
        while missing := _unhealthy(client, stack.url):
            _raise_if_dead(stack)
            if time.monotonic() > deadline:
                raise StackError(_overdue(stack, missing, timeout))
            time.sleep(0.25)
    _raise_if_dead(stack)
    on_progress(f"Airflow is healthy at {stack.url}")


def _unhealthy(client: httpx.Client, url: str) -> list[str]:
    """Return the components that are not healthy (yet)."""
    parts = ["metadatabase", "scheduler", "triggerer", "dag_processor"]
    try:
        answer = client.get(f"{url}/api/v2/monitor/health")
        report = answer.json() if answer.is_success else {}
    except (httpx.HTTPError, ValueError):
        return ["api_server", *parts]
    return [part for part in parts if (report.get(part) or {}).get("status") != "healthy"]


def _raise_if_dead(stack: Stack) -> None:
    for component in stack.components:
        if (code := component.process.poll()) is not None:
            raise StackError(
                f"Airflow's {component.name} ended with code {code}. "
                f"The end of {component.log}:\n{_tail(component.log)}"
            )


def _overdue(stack: Stack, missing: list[str], timeout: float) -> str:
    suspects = [c for c in stack.components if c.name.replace("-", "_") in missing]
    tails = "\n".join(f"The end of {c.log}:\n{_tail(c.log)}" for c in suspects[:1])
    return f"Airflow is not healthy after {timeout:.0f} s; still missing: {', '.join(missing)}. {tails}"


def _stop_components(components: Sequence[Component], patience: float) -> None:
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
    _end([process for process in family if _alive(process)])
    for component in components:
        component.process.wait(timeout=10)


def _terminate(process: Any) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()


def _family(component: Component) -> list[Any]:
    """Return the component's process, its descendants, and all other processes of its session."""
    family = _session(component.pid)
    with contextlib.suppress(psutil.NoSuchProcess):
        family += component.process.children(recursive=True)
    return family


def _session(leader: int, started: float | None = None) -> list[Any]:
    """Return the processes of a session; none if its id was reused by another process."""
    members = []
    for pid in psutil.pids():
        with contextlib.suppress(psutil.NoSuchProcess):
            if _session_of(pid) == leader:
                members.append(psutil.Process(pid))
    reused = started is not None and any(
        process.pid == leader and abs(process.create_time() - started) > 2 for process in members
    )
    return [] if reused else members


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _alive(process: Any) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _end(processes: list[Any], patience: float = 3.0) -> None:
    """Terminate the processes, kill those that do not end, and wait for all of them."""
    for process in processes:
        _terminate(process)
    _, left = psutil.wait_procs(processes, timeout=patience)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=patience)


def _log(home: Path, name: str) -> Path:
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
