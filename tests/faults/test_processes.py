"""The plugin that makes faults happen in real tasks watches the store calls of the task that is named, once."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.landing import fetch as untouched
from tests.faults.processes import in_task
from tests.faults.processes.faults import FAULTS
from tests.faults.processes.in_task import Place
from tests.faults.processes.soak import choose_faults, grow
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


def test_a_soak_has_the_same_faults_each_time_and_each_kind_before_one_is_repeated():
    chosen = choose_faults(60)
    assert chosen == choose_faults(60)
    faults = [fault for fault in chosen if fault is not None]
    assert (len(faults), chosen[2] is not None, chosen[:2]) == (20, True, [None, None])
    possible = {fault.name for fault in FAULTS if fault.needs in ("", "files")}
    assert {fault.name for fault in faults[: len(possible)]} == possible


@given(st.floats(-5, 5), st.lists(st.floats(-1, 1), min_size=2, max_size=30))
def test_growth_is_the_slope_whatever_single_nights_differ(slope, noise):
    straight = [slope * nth for nth in range(len(noise))]
    assert grow(straight) == pytest.approx(slope, abs=1e-9)
    assert abs(grow([a + b for a, b in zip(straight, noise, strict=True)]) - slope) <= 2
