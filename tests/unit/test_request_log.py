"""The queue of answers to log: bounded, never in the way of an answer, and written at shutdown."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Event

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.errors import PermanentError
from contender.installation import Installation
from contender.lake.schema import arrow_schema
from contender.serving import request_log
from contender.serving.answering import Answered
from contender.serving.comparing import _differ
from contender.serving.days import FeatureDay, Found
from contender.serving.logged_rows import tabulate
from contender.serving.metrics import Metrics
from contender.serving.request_log import RequestLog
from contender.serving.requests import Asked
from contender.serving.versions import LoadedVersion
from contender.settings import Settings
from tests.unit.judged import version
from tests.unit.served import key_of, row_of

MODEL = "flight_delay"
AT = datetime(2026, 11, 27, 23, 59, tzinfo=UTC)


@pytest.fixture(scope="module")
def model(catalog):
    return catalog.model(MODEL)


def answered(model, name="a", rows=1, at=AT) -> Answered:
    """An answer to a request with features in full."""
    row = row_of(model)
    given = pa.Table.from_pylist([row] * rows, schema=arrow_schema(model.feature_contract))
    record = version(3).model_copy(update={"model": MODEL})
    loaded = LoadedVersion(model, record, None, 1, at)
    return Answered(
        name,
        at,
        loaded,
        "champion",
        Asked(rows=given.select(list(model.feature_names))),
        None,
        {"score": [0.5] * rows},
    )


@pytest.fixture
def log(catalog, tmp_path) -> RequestLog:
    return RequestLog(Installation(Settings(home=tmp_path / "home"), catalog), Metrics())


@pytest.fixture(scope="module")
def days(model) -> list[FeatureDay]:
    """Two days with ten flights each."""
    made = []
    for nth in (1, 2):
        row = key_of(model) | row_of(model)
        rows = [row | {"day": date(2026, 11, nth), "flight": 100 * nth + place} for place in range(10)]
        table = pa.Table.from_pylist(rows, schema=arrow_schema(model.feature_contract))
        made.append(FeatureDay(date(2026, 11, nth), nth, table, {}))
    return made


def counted(log, name) -> float:
    return log._metrics._kept.get_sample_value(f"contender_serving_{name}_rows_total", {"model": MODEL}) or 0


def logged(log, model) -> list[str]:
    return log._here.lake.read(model.request_contract)["request_id"].to_pylist()


def test_answers_are_written_to_the_lake_and_counted(log, model):
    log.note(answered(model, "a"))
    log.note(answered(model, "b", rows=2, at=AT.replace(day=28)))
    log.flush()
    assert logged(log, model) == ["a", "b", "b"]
    assert log._here.lake.days(model.request_contract.table) == [date(2026, 11, 27), date(2026, 11, 28)]
    assert (counted(log, "logged"), counted(log, "unlogged")) == (3, 0)
    assert list((log._here.settings.home / "staging").rglob("*.parquet")) == []


def test_at_most_so_many_answers_wait_and_the_others_are_counted_and_reported(
    log, model, monkeypatch, caplog
):
    monkeypatch.setattr(request_log, "MOST_ANSWERS", 3)
    for number in range(5):
        log.note(answered(model, str(number), rows=2))
    assert counted(log, "unlogged") == 4
    with caplog.at_level(logging.WARNING):
        log.flush()
    assert "4 rows were not logged: too many waited" in caplog.text
    log.note(answered(model, "later"))
    log.flush()
    assert sorted(set(logged(log, model))) == ["0", "1", "2", "later"]


def test_at_most_so_many_rows_wait(log, model, monkeypatch):
    monkeypatch.setattr(request_log, "MOST_ROWS", 10)
    for number in range(3):
        log.note(answered(model, str(number), rows=4))
    assert counted(log, "unlogged") == 4


def test_what_waits_is_written_at_shutdown(log, model):
    log.start()
    log.note(answered(model))
    log.stop()
    assert logged(log, model) == ["a"]


def test_a_full_queue_is_written_at_once(log, model, monkeypatch):
    monkeypatch.setattr(request_log, "MOST_ANSWERS", 8)
    written = Event()
    monkeypatch.setattr(log, "_append", lambda _: written.set())
    log.start()
    for number in range(2):
        log.note(answered(model, str(number)))
    assert written.wait(30)
    log.stop()


def read_page_of_a_proxy() -> None:
    """Fail as the client of a catalogue does whose answer is a page; its error is a ValueError, too."""
    json.loads("<h1>Who are you?</h1>")


def refuse_connection() -> None:
    raise ConnectionError("no answer")


@pytest.mark.parametrize("ask", [refuse_connection, read_page_of_a_proxy])
def test_while_the_lake_does_not_answer_notes_return_and_are_written_later_in_order(
    log, model, monkeypatch, ask
):
    append, tries = log._append, []

    def fail(answers):
        tries.append([answer.request_id for answer in answers])
        ask()

    monkeypatch.setattr(log, "_append", fail)
    log.note(answered(model, "a"))
    log.flush()
    log.note(answered(model, "b"))
    log.flush()
    assert tries == [["a"], ["a"]]
    monkeypatch.setattr(log, "_append", append)
    log.flush()
    assert logged(log, model) == ["a", "b"]
    assert counted(log, "unlogged") == 0


def test_rows_whose_commit_was_answered_by_an_error_are_not_logged_twice(log, model, monkeypatch):
    append = request_log.append

    def lose_the_answer(*arguments):
        append(*arguments)
        raise ConnectionError("the answer is lost")

    monkeypatch.setattr(request_log, "append", lose_the_answer)
    log.note(answered(model))
    log.flush()
    monkeypatch.setattr(request_log, "append", append)
    log.note(answered(model, "b"))
    log.flush()
    assert logged(log, model) == ["a", "b"]


def test_rows_that_can_never_be_written_make_room_and_are_counted(log, model, monkeypatch, caplog):
    def refuse(_):
        raise PermanentError("the table has other columns")

    monkeypatch.setattr(request_log, "MOST_ANSWERS", 1)
    monkeypatch.setattr(log, "_append", refuse)
    log.note(answered(model))
    log.flush()
    log.note(answered(model))
    log.flush()
    assert counted(log, "unlogged") == 2
    assert "the table has other columns" in caplog.text


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0, 0), (1.0, 400, 400), (0.5, 120, 280)])
def test_a_share_of_the_requests_is_logged(catalog, model, tmp_path, share, low, high):
    here = Settings(home=tmp_path / "home", request_log_share=share)
    log = RequestLog(Installation(here, catalog), Metrics())
    for _ in range(400):
        log.note(answered(model))
    assert low <= log._answers <= high


def test_a_row_contains_what_was_used(model):
    rows = tabulate([answered(model, "a", rows=2)])
    assert rows.schema.names == list(model.request_contract.column_names)
    first, second = rows.to_pylist()
    assert (first["request_row"], second["request_row"]) == (0, 1)
    assert first["feature_snapshot"] is first["feature_day"] is first["carrier"] is None
    assert (first["dep_hour"], first["score"]) == (7, 0.5)
    assert (first["model_version"], first["model_role"]) == (3, "champion")


def looked_up(model, name, day: FeatureDay, places) -> Answered:
    """An answer to a request by key."""
    found = answered(model, name, rows=len(places))
    return replace(found, asked=Asked(day=day.day, keys=[{}] * len(places)), found=Found(day, places))


@given(st.lists(st.sampled_from([None, 0, 1]) | st.lists(st.integers(0, 9), min_size=1), max_size=8))
def test_rows_are_in_the_order_of_the_answers_however_these_were_asked(model, days, kinds):
    """A list of places is looked up in the first day, a number in that day at its first place; none is sent in full."""
    answers, expected = [answered(model, "0")], [("0", None, None)]
    for nth, kind in enumerate(kinds, 1):
        places = kind if isinstance(kind, list) else [0]
        day = days[kind if isinstance(kind, int) else 0]
        sent = kind is None
        answers.append(answered(model, str(nth)) if sent else looked_up(model, str(nth), day, places))
        expected += [
            (str(nth), None, None) if sent else (str(nth), day.day, day.rows["flight"][place].as_py())
            for place in ([0] if sent else places)
        ]
    rows = tabulate(answers).select(["request_id", "feature_day", "flight"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == expected


@given(st.lists(st.tuples(*[st.none() | st.floats()] * 2)))
def test_two_columns_differ_where_their_bits_do(pairs):
    left, right = ([pair[side] for pair in pairs] for side in (0, 1))
    columns = [pa.chunked_array([pa.array(values, pa.float64())]) for values in (left, right)]
    assert not _differ(columns[0], columns[0]).any()
    for differs, one, other in zip(_differ(*columns), left, right, strict=True):
        if one is None or other is None or one != other:
            assert differs == (not (one is None and other is None)) or (one != one and other != other)
        elif one != 0:
            assert not differs
