"""The OpenAPI description of the predictions that a caller may request, each model with the form of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contender.serving.addresses import describe_reading
from contender.serving.answering import COLD
from contender.serving.arrow import ARROW
from contender.serving.served import ServedModel

_REFUSALS = {
    "400": "the body is neither JSON nor an Arrow stream",
    "404": "the day or a key has no features",
    "413": "the body is too large",
    "415": "the body is declared as another type",
    "422": "a row does not fit the contract, or cannot be predicted",
    "429": "too many requests",
    "503": "no version serves yet, or the lake does not answer",
}
_COLD = "the key is unknown: the scores are those that the model's spec gives such keys"
_DENIALS = {"401": "no valid key", "403": "the key may not request this model"}
_FOREIGN = {"403": "without API keys, the request names another machine than this one as its host"}
_DEFECT = {
    name: {"type": kind, "description": about}
    for name, kind, about in (
        ("row", "integer", "the row in the request, from 0"),
        ("field", "string", "the field, or the header"),
        ("value", "string", "the value, shortened"),
        ("problem", "string", "what is wrong"),
        ("allowed", "string", "what is allowed"),
    )
}
_REFUSAL = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["problem"],
                "properties": _DEFECT,
                "additionalProperties": False,
            },
        }
    },
    "additionalProperties": False,
}
_HEADERS = {
    "200": {"X-Request-Id": ("string", "the id of the answer in the request log")},
    "401": {"WWW-Authenticate": ("string", "the scheme: Bearer")},
    "429": {"Retry-After": ("integer", "seconds to wait")},
}


def describe_api(models: Sequence[ServedModel], *, secured: bool) -> Mapping[str, Any]:
    """Return the OpenAPI document."""
    denials = _DENIALS if secured else _FOREIGN
    reading = {status: _refusal(status, about) for status, about in denials.items()}
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Contender: online predictions", "version": "1"},
        "paths": {
            f"/v1/models/{served.spec.name}/predict": {"post": _operation(served, denials)}
            for served in models
        }
        | describe_reading([served.spec.name for served in models], reading, {} if secured else reading),
        "components": {"schemas": {"Refusal": _REFUSAL}},
    }
    if secured:
        described["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"key": []}]
    return described


def _operation(served: ServedModel, denials: dict[str, str]) -> Mapping[str, Any]:
    refusals = _REFUSALS | denials
    return {
        "operationId": f"predict_{served.spec.name}",
        "summary": served.spec.description,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": served.form.schema}, ARROW: {}},
        },
        "responses": {
            "200": {
                "description": "a prediction of each row, in the order of the request",
                "headers": _headers("200"),
                "content": {"application/json": {"schema": _answer(served)}, ARROW: {}},
            },
            **{status: _refusal(status, about) for status, about in sorted(refusals.items())},
        },
    }


def _refusal(status: str, about: str) -> Mapping[str, Any]:
    schema = {"$ref": "#/components/schemas/Refusal"}
    return {
        "description": about,
        "content": {"application/json": {"schema": schema}},
        "headers": _headers(status),
    }


def _headers(status: str) -> Mapping[str, Any]:
    return {
        name: {"required": True, "schema": {"type": kind}, "description": about}
        for name, (kind, about) in _HEADERS.get(status, {}).items()
    }


def _answer(served: ServedModel) -> Mapping[str, Any]:
    model, by_key = served.spec, served.form.schema["oneOf"][1]["properties"]
    scores = {c.name: {"type": "number", "description": c.description} for c in model.score_columns}
    cold = {} if model.serving.cold_start is None else {COLD: {"const": True, "description": _COLD}}
    prediction = {
        "type": "object",
        "description": "the scores, after the day and the keys of a request by key",
        "required": list(scores),
        "properties": {"day": by_key["day"], **by_key["keys"]["items"]["properties"], **scores, **cold},
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "required": ["model", "model_version", "role", "feature_snapshot", "predictions"],
        "properties": {
            "model": {"const": model.name},
            "model_version": {"type": "integer"},
            "role": {"enum": ["champion", "canary", "previous"]},
            "feature_snapshot": {"type": ["integer", "null"], "description": "null for whole rows"},
            "predictions": {"type": "array", "minItems": 1, "items": prediction},
        },
        "additionalProperties": False,
    }
