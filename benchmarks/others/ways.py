"""Run the chain of steps in each program, and measure the wall time and CPU seconds of a run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

from benchmarks.environments import make_environment
from benchmarks.night.scheduled import cpu_by_part
from contender.embedded_airflow import free_port, running
from contender.orchestrator import Airflow
from contender.settings import PROJECT

HERE = PROJECT / "benchmarks" / "others"
WORK = PROJECT / "build" / "others"
START_SECONDS = 120.0


class Used(NamedTuple):
    """Seconds of wall time and of CPU."""

    wall: float
    cpu: float


# Runs a chain of a number of steps in a new folder.
Run = Callable[[Path, int], Used]


@contextlib.contextmanager
def open_ways(home: Path, lengths: Sequence[int]) -> Iterator[Mapping[str, Run]]:
    """Start the servers that some programs need, and yield how to run a chain in each."""
    kedro, prefect, dagster = (
        make_environment(HERE / f"{name}-requirements.txt", WORK) for name in ("kedro", "prefect", "dagster")
    )
    with (
        prefect_server(prefect, home / "prefect") as server,
        airflow(home / "airflow", lengths) as in_airflow,
    ):
        yield {
            "a loop in Python": _script(Path(sys.executable), "in_python.py"),
            "Kedro": _script(kedro, "in_kedro.py", {"KEDRO_DISABLE_TELEMETRY": "1"}),
            "Prefect": _script(prefect, "in_prefect.py", server.environment, server),
            "Dagster, in one process": _dagster(dagster, home / "dagster", in_one_process="yes"),
            "Dagster": _dagster(dagster, home / "dagster", in_one_process="no"),
            "Airflow": in_airflow,
        }


class Server(NamedTuple):
    """A running server, and the environment of its clients."""

    process: psutil.Process
    environment: Mapping[str, str]

    def cpu(self) -> float:
        """Return the CPU seconds of the server and its children so far."""
        return sum(_cpu(one) for one in (self.process, *self.process.children(recursive=True)))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _script(
    python: Path, name: str, env: Mapping[str, str] | None = None, server: Server | None = None
) -> Run:
    def run(folder: Path, steps: int) -> Used:
        return _measure([str(python), str(HERE / name), str(folder), str(steps)], env or {}, server)

    return run


def _dagster(python: Path, home: Path, in_one_process: str) -> Run:
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")

    def run(folder: Path, steps: int) -> Used:
        command = [
            str(python.parent / "dagster"),
            "job",
            "execute",
            "-f",
            str(HERE / "in_dagster.py"),
        ]
        given = {"FOLDER": str(folder), "STEPS": str(steps), "IN_ONE_PROCESS": in_one_process}
        return _measure(command, {"DAGSTER_HOME": str(home), **given})

    return run


def _measure(command: Sequence[str], env: Mapping[str, str], server: Server | None = None) -> Used:
    own = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    before, served, began = os.times(), server.cpu() if server else 0.0, time.perf_counter()
    done = subprocess.run(
        command, env=own | {"PYTHONPATH": str(PROJECT), **env}, capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - began, os.times()
    if done.returncode:
        raise SystemExit(f"{command[-1]}: {done.stdout}\n{done.stderr}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Used(wall, cpu + ((server.cpu() - served) if server else 0.0))


@contextlib.contextmanager
def prefect_server(python: Path, home: Path) -> Iterator[Server]:
    """Run Prefect's server on this machine, with its database in a folder."""
    port = free_port()
    own = {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    command = [str(python.parent / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    home.mkdir()
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
    try:
        _wait_for(f"{own['PREFECT_API_URL']}/health")
        yield Server(psutil.Process(process.pid), own)
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url).is_success:
                return
        time.sleep(0.5)
    raise SystemExit(f"{url} did not answer within {START_SECONDS:.0f} s")


@contextlib.contextmanager
def airflow(home: Path, lengths: Sequence[int]) -> Iterator[Run]:
    """Run an Airflow with the settings of `contender up` and nothing but the chains, and yield how to run one."""
    folders = home / "chains"
    for length in lengths:
        (folders / str(length)).mkdir(parents=True)
    env = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(HERE / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(folders),
        "PYTHONPATH": str(PROJECT),
        "FOLDER": str(folders),
        "LENGTHS": ",".join(map(str, lengths)),
    }
    with (
        running(home, PROJECT, env, _say, port=free_port(8080)) as stack,
        Airflow(stack.url, stack.password) as api,
    ):
        names = {f"chain_{length}" for length in lengths}
        api.wait_for_dags(names)
        for name in sorted(names):
            api.unpause(name)

        def run(_: Path, steps: int) -> Used:
            before, began = cpu_by_part(home), time.perf_counter()
            ended = api.wait(f"chain_{steps}", api.trigger(f"chain_{steps}").run_id)
            wall, after = time.perf_counter() - began, cpu_by_part(home)
            return Used(ended.seconds or wall, sum(after.values()) - sum(before.values()))

        yield run


def _say(what: str) -> None:
    print(what, file=sys.stderr)
