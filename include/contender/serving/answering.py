"""Answer requests for predictions: check the request, look up or build its rows, and predict them."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from contender.measures import PredictionError
from contender.redaction import redact
from contender.serving.days import Found
from contender.serving.following import ServedModel
from contender.serving.requests import Asked, BadRequest, Defect, Row, describe_allowed, find_unusable
from contender.serving.versions import LoadedVersion, Scores
from contender.specs import ModelSpec

if TYPE_CHECKING:
    from contender.installation import Installation

log = logging.getLogger(__name__)

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Answered:
    """An answered request: its rows, or the places of its keys in a day, and the scores of each row."""

    request_id: str
    at: datetime
    version: LoadedVersion
    asked: Asked
    found: Found | None
    scores: Scores

    @property
    def rows(self) -> int:
        """The number of predicted rows."""
        return len(next(iter(self.scores.values())))

    @property
    def snapshot(self) -> int | None:
        """The snapshot in which keys were looked up."""
        return None if self.found is None else self.found.day.snapshot


def answer(here: Installation, served: ServedModel, read: Callable[[], Asked]) -> Answered:
    """Answer a request, which is read after the serving version is known. Raises BadRequest."""
    version = served.current
    if version is None:
        reason = served.attempt.reason if served.attempt else "no version has been promoted yet"
        raise BadRequest(503, Defect(problem=f"{served.spec.name}: no version serves: {reason}"))
    asked = read()
    found = None if asked.day is None else _find(here, served, asked.day, asked.keys)
    try:
        scores = _score(version, asked, found)
    except PredictionError as error:
        defect = Defect(problem=f"version {version.number} cannot predict these rows: {error}")
        raise BadRequest(422, defect) from None
    if defects := list(find_unusable(scores)):
        raise BadRequest(422, *defects)
    return Answered(uuid.uuid4().hex, datetime.now(UTC), version, asked, found, scores)


def _score(version: LoadedVersion, asked: Asked, found: Found | None) -> Scores:
    if found is None:
        assert asked.rows is not None
        return version.score(asked.rows.to_pandas())
    of_day = found.day.score(version)
    return {name: [scored[place] for place in found.places] for name, scored in of_day.items()}


def _find(here: Installation, served: ServedModel, day: date, keys: Sequence[Row]) -> Found:
    try:
        return served.days.find(here.lake, day, keys)
    except BadRequest:
        raise
    except Exception as error:  # whatever a client raises for a store that does not answer
        log.warning("The features of %s on %s were not read: %s", served.spec.name, day, redact(repr(error)))
        problem = f"the lake does not answer, and {day} is not in memory: {type(error).__name__}"
        raise BadRequest(503, Defect(problem=problem)) from error


def describe_answer(answered: Answered) -> Answer:
    """Return an answer as JSON: a prediction of each row, in the order of the request."""
    asked, names = answered.asked, list(answered.scores)
    day = {} if asked.day is None else {"day": asked.day}
    keys = asked.keys or [{}] * answered.rows
    return {
        "model": answered.version.model.name,
        "model_version": answered.version.number,
        "feature_snapshot": answered.snapshot,
        "predictions": [
            {**day, **key, **dict(zip(names, row, strict=True))}
            for key, row in zip(keys, zip(*answered.scores.values(), strict=True), strict=True)
        ],
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
