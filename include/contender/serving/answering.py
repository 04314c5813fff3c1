"""Answer requests for predictions: check the request, look up or build its rows, and predict them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from contender.measures import PredictionError
from contender.redaction import redact
from contender.serving.days import Found
from contender.serving.following import ServedModel
from contender.serving.requests import BadRequest, Defect, Row, describe_allowed, find_unusable
from contender.serving.versions import LoadedVersion, Scores, frame_of
from contender.specs import ModelSpec

if TYPE_CHECKING:
    from contender.installation import Installation

log = logging.getLogger(__name__)

Answer = Mapping[str, Any]


def predict_body(here: Installation, served: ServedModel, body: bytes) -> Answer:
    """Return the answer to a request's body. Raises BadRequest."""
    version = served.current
    if version is None:
        reason = served.attempt.reason if served.attempt else "no version has been promoted yet"
        raise BadRequest(503, Defect(problem=f"{served.spec.name}: no version serves: {reason}"))
    asked = served.form.read(body)
    try:
        if asked.day is None:
            scores = version.score(frame_of(served.spec, asked.rows))
            return _answer(version, None, {}, [{}] * len(asked.rows), scores)
        found = _find(here, served, asked.day, asked.rows)
        of_day = found.day.score(version)
    except PredictionError as error:
        defect = Defect(problem=f"version {version.number} cannot predict these rows: {error}")
        raise BadRequest(422, defect) from None
    scores = {name: [scored[place] for place in found.places] for name, scored in of_day.items()}
    return _answer(version, found.day.snapshot, {"day": asked.day}, asked.rows, scores)


def _find(here: Installation, served: ServedModel, day: date, keys: Sequence[Row]) -> Found:
    try:
        return served.days.find(here.lake, day, keys)
    except BadRequest:
        raise
    except Exception as error:  # whatever a client raises for a store that does not answer
        log.warning("The features of %s on %s were not read: %s", served.spec.name, day, redact(repr(error)))
        problem = f"the lake does not answer, and {day} is not in memory: {type(error).__name__}"
        raise BadRequest(503, Defect(problem=problem)) from error


def _answer(
    version: LoadedVersion,
    snapshot: int | None,
    day: Mapping[str, Any],
    keys: Sequence[Mapping[str, Any]],
    scores: Scores,
) -> Answer:
    if defects := list(find_unusable(scores)):
        raise BadRequest(422, *defects)
    names = list(scores)
    predictions = [
        {**day, **key, **dict(zip(names, row, strict=True))}
        for key, row in zip(keys, zip(*scores.values(), strict=True), strict=True)
    ]
    return {
        "model": version.model.name,
        "model_version": version.number,
        "feature_snapshot": snapshot,
        "predictions": predictions,
    }


def describe_model(served: ServedModel) -> Answer:
    """Return the serving version of a model, since when, and what it was checked against."""
    version = served.current
    return {
        "model": served.spec.name,
        "description": served.spec.description,
        "kind": served.spec.kind,
        "model_version": None if version is None else version.number,
        "recipe": None if version is None else version.record.recipe,
        "night": None if version is None else version.record.night,
        "serving_since": None if version is None else version.since,
        "checked_against": None if served.checked is None else served.checked.model_dump(),
        "ledger_entry": None if served.champion is None else served.champion.entry,
        "behind_since": served.behind,
        "refused": served.attempt.model_dump() if served.attempt else None,
    }


def describe_columns(model: ModelSpec) -> Answer:
    """Return the columns of a request and of a prediction."""
    return {
        "owner": model.owner,
        "label": model.label,
        "limits": model.limits,
        "keys": [
            {"name": c.name, "allowed": describe_allowed(c), "about": c.description} for c in model.keys
        ],
        "features": [
            {"name": c.name, "allowed": describe_allowed(c), "unit": c.unit, "about": c.description}
            for c in model.features
        ],
        "prediction": [{"name": c.name, "about": c.description} for c in model.score_columns],
    }
