"""Run the demo with a good and a broken night once on the container stack, and kill processes during it."""

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
# The service that runs tasks: with LocalExecutor, the scheduler.
TASKS = "celery-worker" if os.environ.get("EXECUTOR") == "CeleryExecutor" else "scheduler"


@dataclass(frozen=True)
class DemoRun:
    """The result of the demo, on a stack that is still running."""

    status: int
    output: str
    airflow: Airflow
    killed: dict[str, str]  # container by service
    interrupted: dict[str, str]  # run id by the component that was killed or restarted during it
    ports: dict[str, int]


def compose(*words: str) -> str:
    """Return the output of `docker compose`. Raises CalledProcessError; stderr is printed."""
    return docker("compose", *words)


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
    done.check_returncode()
    return done.stdout


@pytest.fixture(scope="session")
def stack_run() -> DemoRun:
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
    lines: list[str] = []
    listener = threading.Thread(target=listen, args=(demo, lines), daemon=True)
    listener.start()
    try:
        killed, interrupted = interfere(demo, airflow)
        demo.wait(timeout=900)
    finally:
        demo.kill()
        listener.join(timeout=10)
    return DemoRun(demo.returncode, "".join(lines), airflow, killed, interrupted, ports)


def listen(demo: subprocess.Popen[str], lines: list[str]) -> None:
    """Collect the output of the demo, and print it at the same time."""
    assert demo.stdout is not None
    for line in demo.stdout:
        lines.append(line)
        print(line, end="", flush=True)


def interfere(demo: subprocess.Popen[str], airflow: Airflow) -> tuple[dict[str, str], dict[str, str]]:
    """Kill a Spark worker, the scheduler and the service that runs tasks, and restart Postgres, all during tasks."""

    def wait_for(what: str, find: Callable[[], str | None]) -> str:
        began, found = time.monotonic(), None
        while not (found := find()):
            assert demo.poll() is None, f"the demo ended before {what}"
            assert time.monotonic() - began < 900, f"waited 900 s for {what}"
            time.sleep(0.3)
        print(f"{time.strftime('%X')}  {what}: {found}", flush=True)
        return found

    history = wait_for("history's features", lambda: running_run(airflow, FEATURES, "build_on_spark"))
    worker = wait_for("an executor on a worker", working_container)
    kill(worker)
    night = wait_for("the good night's training", lambda: running_run(airflow, RETRAIN, "train[0]", GOOD))
    killed = {"spark-worker": worker}
    for service in {TASKS, "scheduler"}:
        (killed[service],) = compose("ps", "--quiet", service).split()
        kill(killed[service])
    restarted = wait_for(
        "the broken night's features", lambda: running_run(airflow, FEATURES, "build_on_spark", BROKEN)
    )
    compose("restart", "postgres")
    return killed, {"worker": history, "scheduler": night, "postgres": restarted}


def running_run(airflow: Airflow, dag: str, task: str, key: str | None = None) -> str | None:
    """Return the id of a run in which the task is running."""
    for run in airflow.runs(dag, key):
        if not run.ended and airflow.task_states(dag, run.run_id).get(task) == "running":
            return run.run_id
    return None


def working_container() -> str | None:
    """Return the container of a worker in which an executor is running."""
    for container in compose("ps", "--quiet", "spark-worker").split():
        if EXECUTOR in docker("top", container, "-eo", "pid,args"):
            return container
    return None


def kill(container: str) -> None:
    """Kill the main process from outside the container engine, so that its restart policy applies."""
    pid = docker("inspect", "--format", "{{.State.Pid}}", container).strip()
    image = docker("inspect", "--format", "{{.Config.Image}}", container).strip()
    docker("run", "--rm", "--pid=host", "--user=0", "--network=none", "--entrypoint=kill", image, "-9", pid)


def published_ports() -> dict[str, int]:
    """Return the published ports of this machine by service."""
    services = [json.loads(line) for line in compose("ps", "--format", "json").splitlines()]
    return {
        each["Service"]: p["PublishedPort"]
        for each in services
        for p in each["Publishers"] or ()
        if p["PublishedPort"]
    }


def secret(name: str) -> str:
    """Return a secret of the installation."""
    lines = Path(os.environ["COMPOSE_ENV_FILES"]).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)[name]
