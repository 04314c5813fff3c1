"""Requests as Arrow streams are answered as those in JSON, or refused with the same errors."""

from __future__ import annotations

import json
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contender.lake.schema import arrow_schema
from contender.serving import arrow
from contender.serving.arrow import ARROW, read_stream
from contender.serving.requests import BadRequest, RequestForm
from tests.serving import to_stream
from tests.unit.served import MODEL, post, row_of, serve_app


@pytest.fixture(scope="module")
def model(catalog):
    return catalog.model(MODEL)


def table_of(model, *rows) -> pa.Table:
    names = list(model.feature_names)
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(model.feature_contract)).select(names)


def refused(model, body) -> BadRequest:
    with pytest.raises(BadRequest) as found:
        read_stream(model, body)
    return found.value


@pytest.fixture(scope="module")
def app(catalog, tmp_path_factory):
    return serve_app(catalog, tmp_path_factory.mktemp("arrow") / "home")


def test_a_stream_is_answered_by_a_stream_with_the_predictions_of_json(app, model):
    rows = [row_of(model) | {"carrier_late": late, "seats": None} for late in (0.1, 0.9)]
    found = post(app, to_stream(table_of(model, *rows)), ARROW)
    assert (found.status_code, found.headers["content-type"]) == (200, ARROW)
    assert found.headers["X-Request-Id"]
    answer = pa.ipc.open_stream(found.content).read_all()
    assert answer.schema.metadata == {b"model": MODEL.encode(), b"model_version": b"3", b"role": b"champion"}
    other = post(app, json.dumps({"rows": rows}).encode(), "application/json").json()
    assert answer.to_pylist() == other["predictions"]


def test_errors_are_json(app, model):
    found = post(app, b"{}", ARROW)
    assert (found.status_code, found.headers["content-type"]) == (400, "application/json")
    assert found.json()["detail"][0]["problem"].startswith("the body is not an Arrow stream")


@pytest.mark.parametrize("field", ["dep_hour", "airline", "distance"])
def test_a_missing_value_has_the_error_of_json(model, field):
    rows = [row_of(model), row_of(model) | {field: None}, row_of(model) | {"weekday": None}]
    found = refused(model, to_stream(table_of(model, *rows)))
    with pytest.raises(BadRequest) as other:
        RequestForm(model).read(json.dumps({"rows": rows}).encode())
    assert (found.status, found.defects) == (other.value.status, other.value.defects)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_refused(model, value):
    (defect,) = refused(model, to_stream(table_of(model, row_of(model) | {"seats": value}))).defects
    assert (defect.row, defect.field, defect.allowed) == (0, "seats", "a finite number, or null")


def replaced(model, name, values) -> bytes:
    table = table_of(model, row_of(model))
    return to_stream(table.set_column(table.column_names.index(name), name, values))


@pytest.mark.parametrize(
    ("field", "values", "problem"),
    [
        ("dep_hour", pa.array(["7"]), "the type is not allowed"),
        ("dep_hour", pa.array([7.0]), "the type is not allowed"),
        ("dep_hour", pa.array([True]), "the type is not allowed"),
        ("dep_hour", pa.array([2**63], pa.uint64()), "the value is not allowed"),
        ("airline", pa.array([7]), "the type is not allowed"),
        ("airline", pa.array(["AA"]).dictionary_encode(), "unknown type of a column: send plain values"),
        ("seats", pa.array([[1.0]]), "unknown type of a column: send plain values"),
    ],
)
def test_other_types_and_values_are_refused_with_their_field(model, field, values, problem):
    (defect,) = refused(model, replaced(model, field, values)).defects
    assert (defect.field, defect.problem) == (field, problem)


@pytest.mark.parametrize("values", [[2**53 + 1], [7, -(2**60) - 1]])
def test_an_integer_that_no_number_equals_is_refused_with_its_field(model, values):
    table = table_of(model, *[row_of(model)] * len(values))
    place = table.column_names.index("distance")
    (defect,) = refused(model, to_stream(table.set_column(place, "distance", pa.array(values)))).defects
    assert defect.field == "distance"
    assert defect.problem.startswith(f"the values are not allowed: Integer value {values[-1]} not in range")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("dep_hour", pa.array([7], pa.int8())),
        ("dep_hour", pa.array([7], pa.uint64())),
        ("distance", pa.array([7], pa.int32())),
        ("distance", pa.array([7.0], pa.float32())),
        ("seats", pa.nulls(1)),
        ("airline", pa.array(["AA"], pa.large_string())),
    ],
)
def test_types_that_hold_the_same_values_are_converted(model, field, values):
    asked = read_stream(model, replaced(model, field, values))
    assert asked.rows.schema.equals(table_of(model).schema)
    assert asked.rows[field].to_pylist() == values.to_pylist()


def test_missing_unknown_and_repeated_columns_are_named(model):
    table = table_of(model, row_of(model)).rename_columns(
        ["seat" if name == "seats" else name for name in model.feature_names]
    )
    found = refused(model, to_stream(table.append_column("wind", table["wind"])))
    assert {(defect.field, defect.problem) for defect in found.defects} == {
        ("seat", "unknown field"),
        ("seats", "the field is missing"),
        ("wind", "the field is there twice"),
    }


def test_keys_of_a_day_are_read_as_in_json(model):
    days = pa.array([date(2013, 4, 1)] * 2)
    keys = {"carrier": ["UA", "DL"], "flight": [1, 2], "origin": ["EWR", "JFK"]}
    asked = read_stream(model, to_stream(pa.table({"day": days, **keys})))
    assert (asked.day, asked.rows) == (date(2013, 4, 1), None)
    assert asked.keys == pa.table(keys).to_pylist()
    two = pa.table({"day": pa.array([date(2013, 4, 1), date(2013, 4, 2)]), **keys})
    assert refused(model, to_stream(two)).defects[0].problem == "several days: send a request for each"


def test_no_rows_and_too_many_rows_are_refused(model, monkeypatch):
    assert refused(model, to_stream(table_of(model))).status == 422
    monkeypatch.setattr(arrow, "MOST_ROWS", 2)
    assert refused(model, to_stream(table_of(model, *[row_of(model)] * 3))).status == 413


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_a_compressed_stream_is_not_unpacked(model, compression):
    body = to_stream(table_of(model, *[row_of(model)] * 1000), compression=compression)
    assert "compressed" in refused(model, body).defects[0].problem


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_stream_is_answered_or_refused(app, model, data):
    body = bytearray(to_stream(table_of(model, row_of(model), row_of(model))))
    for place in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=4)):
        body[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(body)))
    assert post(app, bytes(body[:end]), ARROW).status_code in (200, 400, 413, 422)
