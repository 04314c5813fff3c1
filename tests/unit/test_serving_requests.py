"""Requests to a server of online predictions: whatever is sent, the answer is a prediction or says what is wrong."""

from __future__ import annotations

import json
from datetime import date

import httpx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contender.serving.requests import BadRequest, RequestForm
from contender.specs import Column
from tests.unit.served import MODEL, key_of, post, row_of, serve_app

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def model(catalog):
    return catalog.model(MODEL)


@pytest.fixture(scope="module")
def app(catalog, tmp_path_factory):
    return serve_app(catalog, tmp_path_factory.mktemp("requests") / "home")


def ask(app, body: object) -> httpx.Response:
    return post(app, json.dumps(body).encode())


def test_a_row_is_predicted(app, model):
    found = ask(app, {"rows": [row_of(model)] * 2})
    assert found.status_code == 200
    answer = found.json()
    assert (answer["model"], answer["model_version"], answer["feature_snapshot"]) == (MODEL, 3, None)
    assert [list(row) for row in answer["predictions"]] == [["score"], ["score"]]


def test_a_day_that_is_not_in_the_lake_is_named(app, model):
    key = key_of(model)
    found = ask(app, {"day": "2013-09-02", "keys": [key]})
    assert found.status_code == 404
    assert found.json()["detail"][0]["field"] == "day"


def test_a_day_that_the_lake_cannot_give_is_named_and_whole_rows_are_still_predicted(
    catalog, model, tmp_path, caplog
):
    damaged = serve_app(catalog, tmp_path / "home")
    (tmp_path / "home" / "lake-catalog.db").write_text("no database " * 100)
    key = key_of(model)
    found = ask(damaged, {"day": "2013-09-02", "keys": [key]})
    assert found.status_code == 503
    (defect,) = found.json()["detail"]
    assert defect["problem"] == "the lake does not answer, and 2013-09-02 is not in memory: DatabaseError"
    assert "The features of flight_delay on 2013-09-02 were not read: DatabaseError" in caplog.text
    assert ask(damaged, {"rows": [row_of(model)]}).status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("dep_hour", "7", "an integer of 64 bits"),
        ("dep_hour", 7.5, "an integer of 64 bits"),
        ("dep_hour", 2**63, "an integer of 64 bits"),
        ("dep_hour", True, "an integer of 64 bits"),
        ("dep_hour", None, "an integer of 64 bits"),
        ("airline", 7, "a string"),
        ("distance", "far", "a finite number"),
        ("seats", [], "a finite number, or null"),
    ],
)
def test_a_wrong_value_is_named_with_its_row_field_and_what_is_allowed(app, model, field, value, allowed):
    found = ask(app, {"rows": [row_of(model), row_of(model) | {field: value}]})
    assert found.status_code == 422
    (defect,) = found.json()["detail"]
    assert (defect["row"], defect["field"], defect["allowed"]) == (1, field, allowed)
    assert defect["value"] == (value if isinstance(value, str) else repr(value))


def test_missing_and_unknown_fields_are_named(app, model):
    row = {name: value for name, value in row_of(model).items() if name != "seats"}
    found = ask(app, {"rows": [row | {"seat": 3}]}).json()["detail"]
    assert {(defect["field"], defect["problem"]) for defect in found} == {
        ("seats", "the field is missing"),
        ("seat", "unknown field"),
    }


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rows": []},
        {"rows": {}},
        {"day": "2013-09-01"},
        {"keys": []},
        {"day": "2013-09-01", "keys": []},
        {"rows": [1]},
        {"row": {}},
        [],
        None,
        7,
        {"day": "2013-09-31", "keys": [{"carrier": "AA", "flight": 1, "origin": "JFK"}]},
        {"day": 1378000000, "keys": [{"carrier": "AA", "flight": 1, "origin": "JFK"}]},
    ],
)
def test_another_form_is_refused_with_the_two_forms_or_the_field(app, body):
    found = ask(app, body)
    assert found.status_code == 422
    assert found.json()["detail"]


def test_both_forms_at_once_are_refused(app, model):
    key = {"carrier": "AA", "flight": 1, "origin": "JFK"}
    found = ask(app, {"rows": [row_of(model)], "day": "2013-09-01", "keys": [key]})
    assert found.status_code == 422


def test_a_day_without_features_is_not_found(app):
    key = {"carrier": "AA", "flight": 1, "origin": "JFK"}
    assert ask(app, {"day": "2013-09-01", "keys": [key]}).status_code == 404


def test_numbers_that_are_not_finite_are_refused(app, model):
    text = json.dumps({"rows": [row_of(model) | {"distance": 0}]})
    for number in ("NaN", "Infinity", "-Infinity", "1e400"):
        assert post(app, text.replace('"distance": 0', f'"distance": {number}').encode()).status_code in (
            400,
            422,
        )


@given(JSON)
def test_any_json_is_answered_without_an_error_of_the_server(app, value):
    for body in (value, {"rows": value}, {"rows": [value]}, {"day": value, "keys": [value]}):
        assert ask(app, body).status_code < 500


@given(st.data())
def test_a_row_with_any_value_in_any_field_is_answered_without_an_error_of_the_server(app, model, data):
    field = data.draw(st.sampled_from([*model.feature_names, "other"]))
    value = data.draw(JSON)
    found = ask(app, {"rows": [row_of(model) | {field: value}]})
    assert found.status_code in (200, 400, 422)
    if found.status_code == 200:
        assert 0 <= found.json()["predictions"][0]["score"] <= 1


@given(st.binary())
def test_any_bytes_are_answered_without_an_error_of_the_server(app, content):
    assert post(app, content).status_code in (400, 422)


@settings(max_examples=30)
@given(st.integers(1, 5000))
def test_deep_nesting_is_answered_without_an_error_of_the_server(app, depth):
    assert post(app, b'{"rows":' + b"[" * depth + b"]" * depth + b"}").status_code in (400, 422)


def test_a_whole_number_may_have_a_decimal_point(app, model):
    whole, pointed = ({"rows": [row_of(model) | {"dep_hour": hour}]} for hour in (17, 17.0))
    expected, found = ask(app, whole), ask(app, pointed)
    assert (found.status_code, found.json()["predictions"]) == (200, expected.json()["predictions"])


ALL_TYPES = ("string", "integer", "number", "boolean", "date", "timestamp")


def test_every_type_of_column_is_read_as_the_lake_would_read_it(model):
    columns = tuple(Column(name=f"a_{kind}", type=kind, description="x", nullable=True) for kind in ALL_TYPES)
    changed = {
        "features": columns,
        "recipes": model.recipes,
        "slices": (),
        "baseline_features": ("a_number",),
    }
    typed = model.model_copy(update=changed)
    row = {
        "a_string": "é",
        "a_integer": -(2**63),
        "a_number": 1,
        "a_boolean": False,
        "a_date": "2013-09-01",
        "a_timestamp": "2013-09-01T06:00:00+02:00",
    }
    asked = RequestForm(typed).read(json.dumps({"rows": [row, dict.fromkeys(row)]}).encode())
    frame = asked.rows.to_pandas()
    assert frame.iloc[0].to_dict() == {
        "a_string": "é",
        "a_integer": -(2.0**63),
        "a_number": 1.0,
        "a_boolean": False,
        "a_date": date(2013, 9, 1),
        "a_timestamp": pd.Timestamp("2013-09-01T04:00:00Z"),
    }
    assert frame.iloc[1].isna().all()
    with pytest.raises(BadRequest):
        RequestForm(typed).read(json.dumps({"rows": [row | {"a_timestamp": "2013-09-01T06:00:00"}]}).encode())
