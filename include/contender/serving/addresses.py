"""The OpenAPI description of the addresses that are read: the models, and the state of the server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

_JSON, _TEXT = "application/json", "text/plain; version=0.0.4; charset=utf-8"
_TIME, _DAY = (
    {"type": ["string", "null"], "format": "date-time"},
    {"type": ["string", "null"], "format": "date"},
)
_NUMBER, _RECORD = {"type": ["integer", "null"]}, {"type": ["object", "null"]}
_COLUMNS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "about"],
        "properties": {
            "name": {"type": "string"},
            "about": {"type": "string"},
            "allowed": {"type": "string"},
            "unit": {"type": ["string", "null"]},
        },
        "additionalProperties": False,
    },
}
_MODEL: dict[str, Any] = {
    "model": {"type": "string"},
    "description": {"type": "string"},
    "kind": {"type": "string"},
    "model_version": {**_NUMBER, "description": "the serving version"},
    "role": {"enum": ["champion", "previous", None]},
    "recipe": {"type": ["string", "null"]},
    "night": {**_DAY, "description": "the night of the version's fit"},
    "serving_since": _TIME,
    "checked_against": {**_RECORD, "description": "the record that its predictions were compared with"},
    "ledger_entry": _NUMBER,
    "canary": _RECORD,
    "behind_since": {**_TIME, "description": "since when the ledger names another version"},
    "refused": {**_RECORD, "description": "the last version that could not be loaded, and why"},
}
_WHOLE_MODEL = _MODEL | {
    "owner": {"type": "string"},
    "label": {"type": "string"},
    "limits": {"type": "array", "items": {"type": "string"}},
    "keys": _COLUMNS,
    "features": _COLUMNS,
    "prediction": _COLUMNS,
}
_READINESS = {
    "ready": {"type": "boolean"},
    "serving": {"type": "integer", "description": "models with a version"},
    "without_version": {"type": "integer"},
    "unreachable_since": {"type": "object", "additionalProperties": _TIME},
    "behind_since": {
        "type": ["object", "array"],
        "description": "by model; with API keys, the times alone",
        "additionalProperties": _TIME,
        "items": _TIME,
    },
}


def describe_reading(
    models: Iterable[str], refusals: Mapping[str, Any], of_state: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the paths that are read, by what they answer and refuse. The state of the server needs no API key."""
    listed = _object({"models": {"type": "array", "items": _object(_MODEL)}})
    ready = {_JSON: {"schema": _object(_READINESS)}}
    waiting = {"description": "a model with a champion has no version, or no model has one", "content": ready}
    running = {_JSON: {"schema": _object({"status": {"const": "running"}})}}
    one = {_JSON: {"schema": _object(_WHOLE_MODEL)}}
    keyless: Mapping[str, Any] = {"security": []}
    return {
        "/v1/models": _get("models that the caller may request", {_JSON: {"schema": listed}}, refusals),
        **{f"/v1/models/{name}": _get(f"{name}: its version and columns", one, refusals) for name in models},
        "/healthz": _get("whether the process runs", running, of_state, keyless),
        "/readyz": _get("whether versions are loaded", ready, {"503": waiting, **of_state}, keyless),
        "/metrics": _get("metrics in Prometheus' format", {_TEXT: {}}, of_state, keyless),
    }


def _get(
    about: str,
    content: Mapping[str, Any],
    refusals: Mapping[str, Any],
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Mapping[str, Any]:
    answer = {"description": about, "content": content}
    return {"get": {"summary": about, "responses": {"200": answer, **refusals}, **more}}


def _object(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }
