"""The simulated schedule of many models: no task is lost, or runs early."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.schedule import HOUR, Tasks, simulate

NIGHT = {
    "ingest": Tasks(4, 2.0),
    "features": Tasks(9, 3.0),
    "score": Tasks(4, 3.0),
    "retrain": Tasks(9, 6.0),
    "monitor": Tasks(4, 3.0),
}
OF_A_MODEL = sum(its.number * its.seconds for its in NIGHT.values())


@pytest.mark.parametrize("by_priority", [True, False])
@given(models=st.integers(1, 40), slots=st.integers(1, 8))
def test_a_night_is_as_long_as_its_work_and_its_last_input_require(by_priority, models, slots):
    found = simulate(NIGHT, models, slots, by_priority=by_priority)
    work = models * (OF_A_MODEL - 8.0) + -(-models // 5) * 8.0
    assert work / slots <= found.ended <= HOUR + work
    assert found.scored <= found.ended


def test_a_lone_model_waits_for_its_own_tasks_only():
    """On one slot, its tasks of scoring (12 s), monitoring (12 s) and training (54 s) follow each other."""
    busy, idle = (simulate(NIGHT, 1, slots, by_priority=True) for slots in (1, 8))
    assert busy.scored == idle.scored
    assert busy.ended - idle.ended == pytest.approx(12 + 12)


def test_with_too_few_slots_priorities_bring_predictions_forward():
    ours, by_age = (simulate(NIGHT, 200, 2, by_priority=by) for by in (True, False))
    assert ours.scored < by_age.scored / 2
    assert ours.in_time > by_age.in_time
