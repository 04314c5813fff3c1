"""The tutorial: every command of docs/TUTORIAL.md in a fresh home, on data that is none of the examples."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contender.embedded_airflow import free_port, read_password, read_state
from contender.orchestrator import Airflow, find_unhealthy
from contender.settings import PROJECT
from contender.specs import load_catalog
from tests.e2e.tutorial import Ran, find_wrong_lines, read_commands, run_commands

pytestmark = pytest.mark.e2e

COMMANDS = read_commands((PROJECT / "docs" / "TUTORIAL.md").read_text())
CUT_OFF = "FAILED its gate"  # the one command that is meant to fail shows this


def installation(folder: Path) -> dict[str, str]:
    """Return the environment of a user with a checkout in this folder, with a port of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CONTENDER_", "AIRFLOW_"))}
    (folder / "docs").symlink_to(PROJECT / "docs")
    beside_python = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside_python, kept.get("PATH", os.defpath)])
    python_path = os.pathsep.join([str(PROJECT / "include"), str(PROJECT)])
    return {**kept, "PATH": path, "PYTHONPATH": python_path, "CONTENDER_UI_PORT": str(free_port())}


def run(line: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command of an installation."""
    return subprocess.run(line.split(), env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tutorial")


@pytest.fixture(scope="module")
def empty(
    tmp_path_factory: pytest.TempPathFactory, prepare_airflow: Callable[[Path], None]
) -> Iterator[dict[str, str]]:
    """An installation whose catalog is an empty folder, with a running Airflow."""
    home = tmp_path_factory.mktemp("empty")
    (home / "catalog").mkdir()
    prepare_airflow(home / "state" / "airflow")
    environment = installation(home) | {
        "CONTENDER_HOME": str(home / "state"),
        "CONTENDER_CATALOG_HOME": str(home / "catalog"),
    }
    try:
        started = run("contender up", environment)
        assert started.returncode == 0, started.stdout + started.stderr
        yield environment
    finally:
        run("contender down", environment)


@pytest.fixture(scope="module")
def ran(folder: Path, empty: dict[str, str]) -> Iterator[list[Ran]]:
    """The tutorial, run to its end, while another installation runs on the same machine."""
    environment = installation(folder)
    try:
        yield run_commands(COMMANDS, folder, environment)
    finally:
        run("contender down", environment | {"CONTENDER_HOME": str(folder / "vending" / "state")})


def test_every_command_ends_as_the_page_shows(ran):
    wrong = [
        f"{r.command.line}: {r.code}\n{r.output}" for r in ran if r.code != (CUT_OFF in str(r.command.shown))
    ]
    assert wrong == []
    assert [r.command for r in ran] == COMMANDS


def test_the_page_shows_what_the_commands_print(ran, folder):
    assert [f"{r.command.line}: {line}" for r in ran for line in find_wrong_lines(r, folder)] == []


def test_only_the_users_own_dataset_and_model_appear(ran):
    examples = load_catalog(PROJECT / "include" / "catalog")
    names = {*examples.datasets, *examples.models}
    assert [name for name in names for r in ran if name in r.output.split()] == []


def test_down_stops_all_processes_of_its_own_installation_and_no_other(ran, folder, empty):
    state = read_state(folder / "vending" / "state")
    assert not state.running
    assert state.processes == []
    assert find_unhealthy(f"http://127.0.0.1:{empty['CONTENDER_UI_PORT']}") == []


def test_an_empty_project_has_no_broken_dags_and_says_what_to_do(empty):
    home = Path(empty["CONTENDER_HOME"])
    with Airflow(f"http://127.0.0.1:{empty['CONTENDER_UI_PORT']}", read_password(home)) as airflow:
        airflow.wait_for_dags({"operations__housekeeping"})
        assert airflow.import_errors() == {}
        assert {dag for dag in airflow.dags() if not dag.startswith("operations__")} == set()
    for command in ("contender status", "contender check", "contender up"):
        done = run(command, empty)
        assert done.returncode == 0
        assert "contender new dataset" in done.stdout


def test_a_second_start_reports_the_running_airflow(empty):
    process = read_state(Path(empty["CONTENDER_HOME"])).pid
    again = run("contender up", empty)
    assert again.returncode == 0
    assert f"already runs in {empty['CONTENDER_HOME']}, process {process}" in again.stdout


def test_another_installation_on_the_same_port_is_refused_by_name_of_the_setting(empty, tmp_path):
    other = empty | {"CONTENDER_HOME": str(tmp_path / "state")}
    refused = run("contender up", other)
    assert refused.returncode == 3
    assert "set CONTENDER_UI_PORT to a free port" in refused.stderr
    assert run("contender down", other).stdout.startswith("No Airflow runs in")
    assert read_state(Path(empty["CONTENDER_HOME"])).running


def test_a_load_that_was_killed_or_failed_continues_and_repeats_nothing(empty):
    home, days = Path(empty["CONTENDER_HOME"]), "2025-03-01..2025-04-10"
    deliver = f"{sys.executable} {PROJECT}/docs/tutorial/vending.py {home}/landing"
    load = f"contender load vending {days}"
    run(f"{deliver} 2025-03-01 2025-04-10", empty)
    run(f"{deliver} 2025-04-05 2025-04-05 --cut-off", empty)
    run(f"contender new dataset vending --from {home}/landing/vending/2025-03-01.csv", empty)

    with subprocess.Popen(load.split(), env=empty, stdout=subprocess.PIPE, text=True) as killed:
        assert "started" in killed.stdout.readline()
        killed.kill()
    failed = run(load, empty)
    assert failed.returncode == 1
    assert "2025-03-21..2025-04-10: FAILED its gate" in failed.stdout
    assert "2025-04-05: 40 rows" in failed.stdout

    run(f"{deliver} 2025-04-05 2025-04-05", empty)
    corrected = run(load, empty)
    assert corrected.returncode == 0
    assert "ingest__vending 2025-03-01..2025-03-20: done before" in corrected.stdout
    with Airflow(f"http://127.0.0.1:{empty['CONTENDER_UI_PORT']}", read_password(home)) as airflow:
        runs = [(one.run_id, one.state) for one in airflow.runs("ingest__vending")]
    assert runs == [
        ("load__2025-03-01_2025-03-20__try1", "success"),
        ("load__2025-03-21_2025-04-10__try1", "failed"),
        ("load__2025-03-21_2025-04-10__try2", "success"),
    ]


def test_processes_of_a_killed_service_are_found_and_ended(empty):
    home = Path(empty["CONTENDER_HOME"])
    state = read_state(home)
    os.kill(state.pid, 9)
    assert len(state.processes) >= len(state.components) == 4
    assert "is stopped" in run("contender down", empty).stdout
    assert state.processes == []
    assert "No Airflow runs" in run("contender down", empty).stdout
