"""Small requests to a quick version are predicted in the event loop, all others in threads that keep it free."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.serving import answering
from contender.serving.answering import FEW_ROWS
from contender.serving.days import FeatureDays
from contender.serving.requests import BadRequest, Defect
from contender.serving.versions import LAST, QUICK_SECONDS, Pace
from tests.unit.served import MODEL, key_of, post, row_of, serve_app

MOST = LAST // 2 + 1


class Noting:
    """A pipeline that takes its time on a clock of its own, and notes the thread of each call."""

    def __init__(self) -> None:
        self.seconds = self.now = 0.0
        self.threads: list[str] = []

    def predict_proba(self, rows):
        self.threads.append(threading.current_thread().name.partition("_")[0])
        self.now += self.seconds
        return np.full((len(rows), 2), 0.5)

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def pipeline(monkeypatch):
    made = Noting()
    monkeypatch.setattr(answering, "time", made)  # a busy machine would be slow at random
    return made


@pytest.fixture
def app(catalog, tmp_path, pipeline):
    return serve_app(catalog, tmp_path / "home", pipeline)


@pytest.fixture
def ask(catalog, app, pipeline):
    row = row_of(catalog.model(MODEL))

    def send(rows: int = 1) -> str:
        answered = post(app, json.dumps({"rows": [row] * rows}).encode())
        assert len(answered.json()["predictions"]) == rows
        return pipeline.threads[-1]

    return send


@given(st.lists(st.floats(0, 2 * QUICK_SECONDS)))
def test_a_version_is_quick_if_most_of_its_last_requests_were(seconds):
    pace = Pace()
    for one in seconds:
        pace.note(one)
    quick = [one < QUICK_SECONDS for one in seconds[-LAST:]]
    assert pace.is_quick == (len(quick) == LAST and sum(quick) >= MOST)


def test_a_version_is_tried_in_threads_first(ask):
    assert [ask() for _ in range(LAST + 1)] == ["predict"] * LAST + ["MainThread"]


def test_a_version_that_becomes_slow_is_predicted_in_threads_again(ask, pipeline):
    for _ in range(LAST):
        ask()
    pipeline.seconds = 2 * QUICK_SECONDS
    assert [ask() for _ in range(MOST + 2)] == ["MainThread"] * MOST + ["predict"] * 2


def test_many_rows_are_predicted_in_threads_and_tell_nothing_of_the_pace(ask, pipeline):
    for _ in range(LAST):
        ask()
    pipeline.seconds = 2 * QUICK_SECONDS
    assert [ask(FEW_ROWS + 1) for _ in range(LAST)] == ["predict"] * LAST
    pipeline.seconds = 0
    assert ask() == "MainThread"


def test_a_day_is_looked_up_in_a_thread_since_the_lake_may_not_answer(catalog, app, ask, monkeypatch):
    threads = []

    def find(*_):
        threads.append(threading.current_thread().name.partition("_")[0])
        raise BadRequest(404, Defect(problem="none"))

    for _ in range(LAST + 1):
        ask()
    monkeypatch.setattr(FeatureDays, "find", find)
    key = key_of(catalog.model(MODEL))
    post(app, json.dumps({"day": "2013-09-02", "keys": [key]}).encode())
    assert threads == ["predict"]
