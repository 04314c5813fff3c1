"""A good night and a broken one in the containers, whose processes are killed meanwhile: lived once for all tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from contender.orchestrator import Airflow
from contender.specs import dag_id
from demo.nights import MODEL

GOOD, BROKEN = "2013-09-01", "2013-09-02"
FEATURES, RETRAIN = dag_id("features", MODEL), dag_id("retrain", MODEL)
EXECUTOR = "CoarseGrainedExecutorBackend"
# Where tasks run: under LocalExecutor in the scheduler.
TASKS = "celery-worker" if os.environ.get("EXECUTOR") == "CeleryExecutor" else "scheduler"


@dataclass(frozen=True)
class Lived:
    """What the demo said and came to, in a stack that still runs."""

    status: int
    said: str
    airflow: Airflow
    killed: dict[str, str]  # container by service
    interrupted: dict[str, str]  # run, by what was done to it
    ports: dict[str, int]


def compose(*words: str) -> str:
    """What `docker compose` answers. Raises CalledProcessError, its own words shown."""
    return docker("compose", *words)


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
    done.check_returncode()
    return done.stdout


@pytest.fixture(scope="session")
def lived() -> Lived:
    ports = published_ports()
    airflow = Airflow(f"http://127.0.0.1:{ports['api-server']}", secret("ADMIN_PASSWORD"))
    airflow.wait_for_dags({FEATURES, RETRAIN})
    words = ("--nights", "2", "--exit")
    demo = subprocess.Popen(
        ["docker", "compose", "run", "--rm", "--no-deps", "-T", "demo", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    listener = threading.Thread(target=listen, args=(demo, said), daemon=True)
    listener.start()
    try:
        killed, interrupted = interfere(demo, airflow)
        demo.wait(timeout=900)
    finally:
        demo.kill()
        listener.join(timeout=10)
    return Lived(demo.returncode, "".join(said), airflow, killed, interrupted, ports)


def listen(demo: subprocess.Popen[str], said: list[str]) -> None:
    """Keep what the demo says, and pass it on while it is said."""
    assert demo.stdout is not None
    for line in demo.stdout:
        said.append(line)
        print(line, end="", flush=True)


def interfere(demo: subprocess.Popen[str], airflow: Airflow) -> tuple[dict[str, str], dict[str, str]]:
    """Kill a worker of Spark, the scheduler and where its tasks run, restart Postgres: each in the middle of work."""

    def when(what: str, holds: Callable[[], str | None]) -> str:
        began, found = time.monotonic(), None
        while not (found := holds()):
            assert demo.poll() is None, f"the demo ended before {what}"
            assert time.monotonic() - began < 900, f"in vain waited for {what}"
            time.sleep(0.3)
        print(f"{time.strftime('%X')}  {what}: {found}", flush=True)
        return found

    history = when("history's features", lambda: running_run(airflow, FEATURES, "build_on_spark"))
    worker = when("an executor on a worker, which is killed", working_container)
    kill(worker)
    night = when("the good night's training", lambda: running_run(airflow, RETRAIN, "train[0]", GOOD))
    killed = {"spark-worker": worker}
    for service in {TASKS, "scheduler"}:
        (killed[service],) = compose("ps", "--quiet", service).split()
        kill(killed[service])
    restarted = when(
        "the broken night's features", lambda: running_run(airflow, FEATURES, "build_on_spark", BROKEN)
    )
    compose("restart", "postgres")
    return killed, {"worker": history, "scheduler": night, "postgres": restarted}


def running_run(airflow: Airflow, dag: str, task: str, key: str | None = None) -> str | None:
    """The run in which this task runs now."""
    for run in airflow.runs(dag, key):
        if not run.ended and airflow.task_states(dag, run.run_id).get(task) == "running":
            return run.run_id
    return None


def working_container() -> str | None:
    """A worker's container in which an executor runs now."""
    for container in compose("ps", "--quiet", "spark-worker").split():
        if EXECUTOR in docker("top", container, "-eo", "pid,args"):
            return container
    return None


def kill(container: str) -> None:
    """Kill the main process as the machine's own killer would: no policy of the engine knows of it."""
    pid = docker("inspect", "--format", "{{.State.Pid}}", container).strip()
    image = docker("inspect", "--format", "{{.Config.Image}}", container).strip()
    docker("run", "--rm", "--pid=host", "--user=0", "--network=none", "--entrypoint=kill", image, "-9", pid)


def published_ports() -> dict[str, int]:
    """The ports on this machine, by service."""
    told = [json.loads(line) for line in compose("ps", "--format", "json").splitlines()]
    return {
        each["Service"]: p["PublishedPort"]
        for each in told
        for p in each["Publishers"] or ()
        if p["PublishedPort"]
    }


def secret(name: str) -> str:
    """One of the installation's secrets."""
    lines = Path(os.environ["COMPOSE_ENV_FILES"]).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)[name]
