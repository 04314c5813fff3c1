"""The OpenAPI description of the models that a caller may request, each with the form of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contender.serving.arrow import ARROW
from contender.serving.served import ServedModel
from contender.specs import ModelSpec

_REFUSALS = {
    "400": "the body is neither JSON nor an Arrow stream",
    "404": "the day or a key has no features",
    "413": "the body is too large",
    "415": "the body is declared as another type",
    "422": "a row does not fit the contract, or cannot be predicted",
    "429": "too many requests",
    "503": "no version serves yet, or the lake does not answer",
}
_DENIALS = {"401": "no valid key", "403": "the key may not request this model"}


def describe_api(models: Sequence[ServedModel], *, secured: bool) -> Mapping[str, Any]:
    """Return the OpenAPI document."""
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Contender: online predictions", "version": "1"},
        "paths": {
            f"/v1/models/{served.spec.name}/predict": {"post": _operation(served, secured=secured)}
            for served in models
        },
    }
    if secured:
        described["components"] = {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
        described["security"] = [{"key": []}]
    return described


def _operation(served: ServedModel, *, secured: bool) -> Mapping[str, Any]:
    refusals = _REFUSALS | (_DENIALS if secured else {})
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
                "content": {"application/json": {"schema": _answer(served.spec)}, ARROW: {}},
            },
            **{status: {"description": about} for status, about in sorted(refusals.items())},
        },
    }


def _answer(model: ModelSpec) -> Mapping[str, Any]:
    scores = {c.name: {"type": "number", "description": c.description} for c in model.score_columns}
    prediction = {"type": "object", "required": list(scores), "properties": scores}
    return {
        "type": "object",
        "required": ["model", "model_version", "role", "feature_snapshot", "predictions"],
        "properties": {
            "model": {"const": model.name},
            "model_version": {"type": "integer"},
            "role": {"enum": ["champion", "canary", "previous"]},
            "feature_snapshot": {"type": ["integer", "null"], "description": "null for whole rows"},
            "predictions": {"type": "array", "items": prediction},
        },
    }
