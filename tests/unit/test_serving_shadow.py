"""Shadow predictions in the real app: in the background, for the log only, never in the way of an answer."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fastapi.testclient import TestClient

from contender.installation import Installation
from contender.lake.rewriting import rewrite_days
from contender.serving import following, shadow
from contender.serving.app import build_app
from contender.serving.comparing import check_requests
from contender.serving.deciding import Champion
from contender.serving.following import Follower
from contender.serving.keys import Keyring
from contender.serving.recorded import find_challengers
from contender.serving.server import prepare
from contender.serving.versions import load_version
from contender.settings import Settings
from contender.specs import Serving
from tests.integration.made_up import publish
from tests.serving import wait_until
from tests.unit.judged import evaluation, version
from tests.unit.served import MODEL, Answering, fit, fit_strict, post, row_of

DAY = date(2013, 9, 1)


@pytest.fixture(scope="module")
def pipelines(catalog):
    return fit(catalog), fit_strict(catalog.model(MODEL))


def trained(model, number, recipe):
    changes = {"model": MODEL, "recipe": recipe, "features": model.feature_names}
    return version(number, recipe=recipe).model_copy(update=changes)


@pytest.fixture(autouse=True)
def _without_rests(monkeypatch):
    monkeypatch.setattr(shadow, "LARGEST_SHARE", 1.0)


@pytest.fixture
def follower(installation, catalog, pipelines) -> Follower:
    """A server with version 1 of the first recipe, and version 2 of another one as its challenger."""
    return prepare_shadow(installation.settings, catalog, pipelines)


def prepare_shadow(settings: Settings, catalog, pipelines) -> Follower:
    model = catalog.model(MODEL).model_copy(update={"serving": Serving(shadow=True)})
    here = Installation(settings, catalog.model_copy(update={"models": {MODEL: model}}))
    for number, recipe in enumerate(("boosted_trees", "linear"), 1):
        pipeline = pipelines[number - 1]
        made = trained(model, number, recipe)
        here.registry.register(made, str(number), pipeline, pipeline, parameters={}, requirements=[])
    made = prepare(here, [MODEL], Keyring(here.catalog))
    served = made.models[MODEL]
    served.answering = Answering(load_version(model, here.registry, 1, 1, datetime.now(UTC)), "champion")
    made.shadow.name_versions(served, [trained(model, 1, "boosted_trees"), trained(model, 2, "linear")])
    return made


def body(model, **values) -> bytes:
    return json.dumps({"rows": [row_of(model) | values, row_of(model)]}).encode()


def predict(follower: Follower) -> None:
    """Make the shadow predictions that wait, and write the log."""
    follower.shadow.predict_waiting()
    follower.request_log.flush()


def logged(follower: Follower):
    model = follower.models[MODEL].spec
    return follower.here.lake.read(model.request_contract)


def counted(follower: Follower, name: str) -> float:
    kept = follower.metrics._kept
    return kept.get_sample_value(f"contender_serving_shadow{name}_rows_total", {"model": MODEL}) or 0


def test_a_challenger_predicts_the_same_rows_for_the_log_and_batch_scoring_repeats_both(follower):
    app, model = build_app(follower), follower.models[MODEL].spec
    answer = post(app, body(model))
    assert (answer.json()["model_version"], answer.json()["role"]) == (1, "champion")
    assert logged(follower).num_rows == 0
    predict(follower)
    rows = logged(follower)
    assert set(rows["request_id"].to_pylist()) == {answer.headers["X-Request-Id"]}
    found = {(r["model_role"], r["model_version"]): r for r in rows.to_pylist()}
    assert set(found) == {("champion", 1), ("shadow", 2)}
    champion, challenger = found["champion", 1], found["shadow", 2]
    differing = {name for name, value in champion.items() if challenger[name] != value}
    assert differing == {"model_role", "model_version", "score"}
    assert counted(follower, "") == 2
    day = champion["day"]
    check = check_requests(follower.here, model, day)
    assert (check.rows, check.repeated, check.differing) == (4, 4, 0)


def test_a_changed_shadow_prediction_is_found_and_counted_beside_the_answer(follower, monkeypatch):
    app, model = build_app(follower), follower.models[MODEL].spec
    post(app, body(model))
    monkeypatch.setattr(shadow, "predict_again", lambda *_: {"score": [0.125, 0.25]})
    predict(follower)
    check = check_requests(follower.here, model, logged(follower)["day"].to_pylist()[0])
    assert (check.repeated, check.differing) == (2, 2)
    assert {one.version for one in check.differences} == {2}


def test_answers_of_a_version_that_was_deleted_are_counted_as_not_checked(follower):
    app, here, model = build_app(follower), follower.here, follower.models[MODEL].spec
    post(app, body(model))
    predict(follower)
    here.registry._client.delete_model_version(MODEL, "2")
    check = check_requests(here, model, logged(follower)["day"].to_pylist()[0])
    assert (check.rows, check.repeated, check.differing) == (4, 2, 0)
    assert check.unchecked == {"flight_delay has no version 2 in the registry": 2}


def test_answers_that_a_version_cannot_predict_again_differ_and_the_log_says_why(follower, caplog):
    app, here, model = build_app(follower), follower.here, follower.models[MODEL].spec
    post(app, body(model))
    predict(follower)

    def rename(rows: pa.Table) -> pa.Table:
        place = rows.schema.get_field_index("airline")
        return rows.set_column(place, rows.schema.field(place), pa.array(["XX"] * rows.num_rows))

    rewrite_days(here.lake, model.request_contract, here.settings.staging, list, rename)
    check = check_requests(here, model, logged(follower)["day"].to_pylist()[0])
    strict = [one for one in check.differences if one.version == 2]
    assert [(one.column, one.computed) for one in strict] == [("score", "nan")] * 2
    assert (
        "Logged answers of flight_delay cannot be predicted again: ValueError: Found unknown" in caplog.text
    )


def test_rows_that_were_looked_up_are_predicted_with_their_day_too(follower):
    model = follower.models[MODEL].spec
    rows = pd.DataFrame([row_of(model)] * 3).assign(day=DAY, carrier="AA", flight=[1, 2, 3], origin="JFK")
    publish(follower.here.lake, model.feature_contract, rows, follower.here.settings, gated=False)
    app = build_app(follower)
    key = {"carrier": "AA", "flight": 2, "origin": "JFK"}
    assert post(app, json.dumps({"day": str(DAY), "keys": [key]}).encode()).status_code == 200
    predict(follower)
    found = logged(follower)
    assert sorted(found["model_version"].to_pylist()) == [1, 2]
    assert len(set(found["feature_snapshot"].to_pylist())) == 1
    check = check_requests(follower.here, model, found["day"].to_pylist()[0])
    assert (check.repeated, check.unchecked) == (2, {})


def test_what_does_not_fit_is_left_out_and_counted_and_the_answer_is_given(follower, monkeypatch):
    monkeypatch.setattr(shadow, "MOST_ANSWERS", 3)
    app, model = build_app(follower), follower.models[MODEL].spec
    assert {post(app, body(model)).status_code for _ in range(5)} == {200}
    predict(follower)
    assert (counted(follower, ""), counted(follower, "_left_out")) == (6, 4)
    assert pc.sum(pc.equal(logged(follower)["model_role"], "champion")).as_py() == 10


def test_at_most_so_many_rows_wait(follower, monkeypatch):
    monkeypatch.setattr(shadow, "MOST_ROWS", 3)
    app, model = build_app(follower), follower.models[MODEL].spec
    for _ in range(2):
        post(app, body(model))
    assert counted(follower, "_left_out") == 2


def test_a_challenger_that_fails_is_counted_and_disturbs_no_answer(follower, caplog):
    app, model = build_app(follower), follower.models[MODEL].spec
    assert post(app, body(model, airline="ZZ")).status_code == 200
    with caplog.at_level(logging.WARNING):
        predict(follower)
    assert "version 2 made no shadow predictions" in caplog.text
    assert (counted(follower, ""), counted(follower, "_failed")) == (0, 2)
    assert follower.here.book.incidents.unfinished() == []
    post(app, body(model))
    predict(follower)
    assert counted(follower, "") == 2


def test_a_challenger_that_cannot_be_loaded_is_tried_again_later(follower, monkeypatch):
    app, model = build_app(follower), follower.models[MODEL].spec
    artifacts, away = (follower.here.settings.home / name for name in ("artifacts", "away"))
    artifacts.rename(away)
    for _ in range(2):
        post(app, body(model))
    predict(follower)
    assert counted(follower, "_failed") == 4
    away.rename(artifacts)
    monkeypatch.setattr(shadow, "_RETRY_SECONDS", 0.0)
    post(app, body(model))
    predict(follower)
    assert counted(follower, "") == 2


def test_no_prediction_begins_while_a_request_is_being_answered(follower, monkeypatch):
    app, model = build_app(follower), follower.models[MODEL].spec
    post(app, body(model))
    waits = []

    def stop_waiting(seconds):
        waits.append(follower.shadow.traffic.is_quiet)
        if len(waits) == 3:
            follower.shadow._stop.set()

    with follower.shadow.traffic.counted():
        time.sleep(shadow.QUIET_SECONDS)
        monkeypatch.setattr(follower.shadow._stop, "wait", stop_waiting)
        follower.shadow.predict_waiting()
    assert waits == [False] * 3
    assert counted(follower, "") == 0


def test_predictions_take_a_small_share_of_the_time(follower, monkeypatch):
    monkeypatch.setattr(shadow, "LARGEST_SHARE", 0.1)
    app, model = build_app(follower), follower.models[MODEL].spec
    post(app, body(model))
    predict(follower)  # the version is loaded
    taken, rests = [], []

    def predict_slowly(*_):
        began = time.monotonic()
        time.sleep(0.05)
        taken.append(time.monotonic() - began)
        return {"score": [0.5, 0.5]}

    monkeypatch.setattr(shadow, "predict_again", predict_slowly)
    monkeypatch.setattr(follower.shadow._stop, "wait", rests.append)
    post(app, body(model))
    time.sleep(2 * shadow.QUIET_SECONDS)
    predict(follower)
    assert max(rests) >= 9 * sum(taken)


def test_a_running_server_predicts_in_the_background_and_stops(follower):
    model = follower.models[MODEL].spec
    with TestClient(build_app(follower), base_url="http://127.0.0.1") as client:
        kind = {"Content-Type": "application/json"}
        assert (
            client.post(f"/v1/models/{MODEL}/predict", content=body(model), headers=kind).status_code == 200
        )
        deadline = time.monotonic() + 60
        while counted(follower, "") < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert sorted(set(logged(follower)["model_role"].to_pylist())) == ["champion", "shadow"]


@pytest.mark.parametrize("changes", [{"request_log_share": 0.0}, {}])
def test_without_the_log_or_the_field_nothing_is_predicted(installation, catalog, pipelines, changes):
    follower = prepare_shadow(installation.settings.model_copy(update=changes), catalog, pipelines)
    if not changes:
        served = follower.models[MODEL]
        served.spec = catalog.model(MODEL)
    post(build_app(follower), body(follower.models[MODEL].spec))
    assert not follower.shadow._waiting


def test_challengers_are_the_newest_versions_of_the_recipes_of_every_night(book, catalog):
    model = catalog.model(MODEL)
    night = evaluation().night
    for number, recipe in enumerate(("boosted_trees", "linear", "newest_week", "linear", "withdrawn"), 1):
        made = trained(model, number, recipe)
        of_night = {"id": str(number), "challenger": made, "night": night + timedelta(days=number)}
        book.evaluations.add(evaluation(**of_night))
    assert [one.version for one in find_challengers(model, book)] == [1, 4]


def test_the_threads_of_a_server_go_on_after_a_fault_of_the_program(follower, monkeypatch, caplog):
    calls = {"follow": 0, "predict_waiting": 0}

    def fail(name: str) -> None:
        calls[name] += 1
        raise ZeroDivisionError(name)

    monkeypatch.setattr(following, "POLL_SECONDS", 0.01)
    follower.start()
    monkeypatch.setattr(follower, "follow", lambda: fail("follow"))
    monkeypatch.setattr(follower.shadow, "predict_waiting", lambda: fail("predict_waiting"))
    follower.shadow.start()
    try:
        wait_until(lambda: follower.shadow._wake.set() or min(calls.values()) > 1)
    finally:
        follower.shadow.stop()
        follower.stop()
    assert {"The ledger was not followed", "Shadow predictions were not made"} <= set(caplog.messages)


def test_a_server_whose_book_is_lost_notes_it_and_stops(follower, caplog):
    follower._reports.add_refusal(
        follower.models[MODEL].spec, Champion(entry=1, version=9), 1, "it is damaged"
    )
    (follower.here.settings.home / "records.db").write_bytes(b"no database" * 99)
    follower.follow()
    assert follower.unreachable["book"] is not None
    follower.stop()
    assert "The book was not written" in caplog.text


def test_a_lake_that_is_lost_is_noted(follower):
    (follower.here.settings.home / "lake-catalog.db").write_bytes(b"no database" * 99)
    follower._check_stores()
    assert follower.unreachable["lake"] is not None
