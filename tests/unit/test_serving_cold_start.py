"""Keys that a day of features does not have get the scores that the model's spec gives them, and the answer says so."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as fuzzing
from hypothesis import strategies as st
from pydantic import ValidationError

from contender.installation import Installation
from contender.lake.schema import arrow_type
from contender.records import migrate
from contender.serving.app import build_app
from contender.serving.arrow import ARROW
from contender.serving.comparing import check_requests
from contender.serving.keys import Keyring
from contender.serving.served import Answering
from contender.serving.server import prepare
from contender.serving.versions import LoadedVersion
from contender.settings import Settings
from contender.specs import ModelSpec, Serving
from tests.described_api import find_undescribed
from tests.integration.made_up import publish
from tests.serving import to_stream
from tests.unit.judged import version
from tests.unit.served import MODEL, fit, get, post, row_of

DAY, KNOWN, GIVEN = date(2013, 9, 1), (1, 2, 3), 0.25


@pytest.fixture(scope="module")
def follower(catalog, tmp_path_factory):
    """A server of a model with a cold start, and a day with three flights."""
    here = Settings(home=tmp_path_factory.mktemp("cold") / "home")
    migrate(here.records)
    model = catalog.model(MODEL).model_copy(update={"serving": Serving(cold_start={"score": GIVEN})})
    installation = Installation(here, catalog.model_copy(update={"models": {MODEL: model}}))
    made = prepare(installation, [MODEL], Keyring(installation.catalog))
    record = version(1).model_copy(update={"model": MODEL, "features": model.feature_names})
    pipeline = fit(catalog)
    installation.registry.register(record, "1", pipeline, pipeline, parameters={}, requirements=[])
    loaded = LoadedVersion(model, record, pipeline, 1, datetime.now(UTC))
    made.models[MODEL].answering = Answering(loaded, "champion")
    rows = pd.DataFrame([row_of(model)] * len(KNOWN)).assign(
        day=DAY, carrier="AA", flight=KNOWN, origin="JFK", carrier_late=[0.1, 0.5, 0.9]
    )
    publish(installation.lake, model.feature_contract, rows, here, gated=False)
    return made


@pytest.fixture(scope="module")
def app(follower):
    return build_app(follower)


@pytest.fixture(scope="module")
def model(follower) -> ModelSpec:
    return follower.models[MODEL].spec


def ask(app, *flights: int):
    keys = [{"carrier": "AA", "flight": flight, "origin": "JFK"} for flight in flights]
    return post(app, json.dumps({"day": str(DAY), "keys": keys}).encode())


@fuzzing(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_each_unknown_key_has_the_specs_score_and_each_known_key_its_own(app, flights):
    alone = {flight: ask(app, flight).json()["predictions"][0] for flight in KNOWN}
    found = ask(app, *flights).json()["predictions"]
    assert [row["flight"] for row in found] == flights
    for row in found:
        if row["flight"] in KNOWN:
            assert row == alone[row["flight"]]
        else:
            assert (row["score"], row["cold_start"]) == (GIVEN, True)


def test_arrow_says_of_each_row_whether_its_key_is_unknown(app, model):
    columns = {"carrier": ["AA", "AA"], "flight": [7, 2], "origin": ["JFK", "JFK"]}
    types = {column.name: arrow_type(column.type) for column in model.keys}
    table = pa.table({"day": [DAY, DAY], **{name: pa.array(v, types[name]) for name, v in columns.items()}})
    rows = pa.ipc.open_stream(post(app, to_stream(table), ARROW).content).read_all().to_pylist()
    assert [(row["flight"], row["cold_start"]) for row in rows] == [(7, True), (2, False)]
    assert rows[0]["score"] == GIVEN


def test_only_predicted_rows_are_logged_and_batch_scoring_repeats_them(follower, app, model):
    before = {row["request_id"] for row in logged(follower, model)}
    ask(app, 8, 2, 9, 1)
    ask(app, 8, 9)
    rows = [row for row in logged(follower, model) if row["request_id"] not in before]
    assert [(row["request_row"], row["flight"]) for row in rows] == [(1, 2), (3, 1)]
    check = check_requests(follower.here, model, rows[0]["day"])
    assert check.repeated == check.rows


def logged(follower, model):
    follower.request_log.flush()
    return follower.here.lake.read(model.request_contract).to_pylist()


def test_unknown_keys_are_counted(follower, app):
    before = counted(follower)
    ask(app, 8, 2, 9)
    assert counted(follower) == before + 2


def counted(follower) -> float:
    kept = follower.metrics._kept
    return kept.get_sample_value("contender_serving_cold_rows_total", {"model": MODEL}) or 0


def test_the_description_of_the_api_has_them(app):
    document = get(app, "/openapi.json").json()
    operation = document["paths"][f"/v1/models/{MODEL}/predict"]["post"]
    assert find_undescribed(document, operation, ask(app, 8, 2)) is None


def test_without_a_cold_start_unknown_keys_are_named(follower, monkeypatch):
    served = follower.models[MODEL]
    monkeypatch.setattr(served.days, "_model", served.spec.model_copy(update={"serving": Serving()}))
    answer = ask(build_app(follower), 2, 8)
    assert answer.status_code == 404
    assert [defect["row"] for defect in answer.json()["detail"]] == [1]


@pytest.mark.parametrize(
    ("cold_start", "problem"),
    [
        ({"chance": 0.2}, "serving.cold_start: it has chance: give a number for each of score"),
        ({}, "it has no scores"),
        ({"score": float("nan")}, "score is not a finite number"),
    ],
)
def test_a_cold_start_has_a_number_for_each_score(catalog, cold_start, problem):
    values = catalog.model(MODEL).model_dump() | {"serving": {"cold_start": cold_start}}
    with pytest.raises(ValidationError, match=problem):
        ModelSpec.model_validate(values)
