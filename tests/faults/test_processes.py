"""The plugin that makes faults happen in real tasks watches the store calls of the task that is named, once."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from contender.landing import fetch as untouched
from tests.faults.processes import in_task
from tests.faults.processes.faults import FAULTS
from tests.faults.processes.in_task import Place
from tests.faults.store_calls import STORE_CALLS

TASK = SimpleNamespace(dag_id="ingest__x", task_id="land")
PLACE = Place("ingest__x", "land", "landing: fetch", "before", kills=True)
RUN = """
import sys
from types import SimpleNamespace
from tests.faults.processes import in_task
in_task.on_task_instance_running(None, SimpleNamespace(dag_id=sys.argv[1], task_id="land"))
from contender import landing
try:
    landing.fetch()
except TypeError:
    print("not killed")
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv(in_task.VARIABLE, str(tmp_path / "fault"))
    return tmp_path / "fault"


def run(dag: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", RUN, dag], capture_output=True, text=True, check=False)


def test_the_named_task_is_killed_at_its_store_call_and_the_next_attempt_is_not(file):
    PLACE.write(file)
    assert run("ingest__other").stdout == "not killed\n"
    assert run("ingest__x").returncode == -9
    assert in_task.reached(file).exists()
    assert run("ingest__x").stdout == "not killed\n"


def test_without_a_fault_nothing_is_watched(file):
    in_task.on_task_instance_running(None, TASK)
    from contender import landing

    assert landing.fetch is untouched


def test_a_fault_is_read_as_it_was_written(file):
    PLACE.write(file)
    assert Place.read(file) == PLACE


def test_each_fault_of_the_matrix_is_at_a_known_store_call():
    known = {call.name for call in STORE_CALLS}
    assert [fault.name for fault in FAULTS if fault.place.call not in known] == []
