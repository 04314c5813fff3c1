"""Requests that an OpenAPI document allows, requests that it does not, and a check of answers against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx
import jsonschema
import pyarrow as pa
from hypothesis import strategies as st

from contender.serving.arrow import ARROW

JSON_TYPE = "application/json"
Schema = Mapping[str, Any]

_ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
# HTTP allows these characters in the value of a header.
_HEADERS = st.text(st.characters(min_codepoint=32, max_codepoint=126)).map(str.strip)


class Sent(NamedTuple):
    """The content type and the body of a request."""

    kind: str
    body: bytes


def allowed_requests(operation: Schema) -> st.SearchStrategy[Sent]:
    """Return requests in JSON that an operation allows."""
    schema = operation["requestBody"]["content"][JSON_TYPE]["schema"]
    return _allowed_values(schema).map(lambda body: Sent(JSON_TYPE, json.dumps(body).encode()))


def other_requests(operation: Schema) -> st.SearchStrategy[Sent]:
    """Return requests in which a value, a byte or the content type is another than an operation allows."""
    schema = operation["requestBody"]["content"][JSON_TYPE]["schema"]
    in_json = st.builds(_replace, _allowed_values(schema), st.lists(st.integers(0), max_size=4), _ANY_JSON)
    return st.one_of(
        in_json.map(lambda body: Sent(JSON_TYPE, json.dumps(body).encode())),
        st.builds(Sent, st.sampled_from([JSON_TYPE, ARROW]), st.binary()),
        st.builds(Sent, _HEADERS, st.binary(max_size=20)),
    )


def _replace(body: Any, path: list[int], value: Any) -> Any:
    """Return a body with another value at the place that a path leads to, or as far as it leads."""
    if not path or not isinstance(body, dict | list) or not body:
        return value
    copy: Any = dict(body) if isinstance(body, dict) else list(body)
    keys = list(body) if isinstance(body, dict) else range(len(body))
    place = keys[path[0] % len(keys)]
    copy[place] = _replace(body[place], path[1:], value)
    return copy


def _allowed_values(schema: Schema) -> st.SearchStrategy[Any]:
    """Return the values that a schema of requests allows; whole numbers also with a decimal point."""
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return st.one_of([_allowed_values(each) for each in schema[several]])
    whole = st.integers(schema.get("minimum"), schema.get("maximum"))
    parts: dict[str, st.SearchStrategy[Any]] = {
        "null": st.none(),
        "boolean": st.booleans(),
        "integer": whole | st.integers(-(2**53), 2**53).map(float),
        "number": st.floats(allow_nan=False, allow_infinity=False),
        "string": st.dates().map(str) if schema.get("format") == "date" else st.text(),
    }
    if schema["type"] == "array":
        return st.lists(_allowed_values(schema["items"]), min_size=schema.get("minItems", 0), max_size=3)
    if schema["type"] == "object":
        return st.fixed_dictionaries({k: _allowed_values(v) for k, v in schema["properties"].items()})
    return parts[schema["type"]]


def find_undescribed(document: Schema, operation: Schema, answer: httpx.Response) -> str | None:
    """Return what an answer has that its operation does not describe: status, header, type or content."""
    described = operation["responses"].get(str(answer.status_code))
    if described is None:
        return f"status {answer.status_code}: {answer.text}"
    if missing := [name for name in described.get("headers", {}) if name not in answer.headers]:
        return f"status {answer.status_code} without the headers {missing}"
    kind = answer.headers["Content-Type"]
    if kind not in described["content"]:
        return f"status {answer.status_code} of type {kind}"
    if not described["content"][kind]:
        rows = pa.ipc.open_stream(answer.content).read_all().num_rows if kind == ARROW else len(answer.text)
        return None if rows else f"nothing of type {kind}"
    # References of the schema begin at the document.
    schema = {**document, **described["content"][kind]["schema"]}
    wrong = next(jsonschema.Draft202012Validator(schema).iter_errors(answer.json()), None)
    return None if wrong is None else f"status {answer.status_code}: {wrong.json_path}: {wrong.message}"
