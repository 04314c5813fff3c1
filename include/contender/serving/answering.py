"""Answer requests for predictions: check the request, look up or build its rows, and predict them."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from contender.measures import PredictionError
from contender.redaction import redact
from contender.serving.canaries import Role
from contender.serving.days import Found
from contender.serving.requests import Asked, BadRequest, Defect, Row, describe_allowed, find_unusable
from contender.serving.served import Chosen, ServedModel
from contender.serving.versions import LoadedVersion, Scores
from contender.specs import ModelSpec

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from contender.installation import Installation

log = logging.getLogger(__name__)

FEW_ROWS = 16
COLD = "cold_start"  # of a prediction: whether its key is unknown

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Answered:
    """An answered request: its rows, or the places of its keys in a day, and the scores of each predicted row."""

    request_id: str
    at: datetime
    version: LoadedVersion
    role: Role
    asked: Asked
    found: Found | None
    scores: Scores

    @property
    def rows(self) -> int:
        """The number of predicted rows."""
        return len(next(iter(self.scores.values())))

    @property
    def row_numbers(self) -> Sequence[int]:
        """The numbers of the predicted rows in the request; it has others if keys are unknown."""
        return range(self.rows) if self.found is None else self.found.rows

    @property
    def cold_rows(self) -> Sequence[int]:
        """The numbers of the rows whose keys are unknown."""
        return () if self.found is None else self.found.unknown

    @property
    def snapshot(self) -> int | None:
        """The snapshot in which keys were looked up."""
        return None if self.found is None else self.found.day.snapshot


def answer(here: Installation, served: ServedModel, read: Callable[[], Asked]) -> Answered:
    """Answer a request, which is read after the serving version is known. Raises BadRequest."""
    answering = served.answering
    if answering is None:
        reason = served.attempt.reason if served.attempt else "no version has been promoted yet"
        raise BadRequest(503, Defect(problem=f"{served.spec.name}: no version serves: {reason}"))
    asked = read()
    found = None if asked.day is None else _find(here, served, asked.day, asked.keys)
    chosen = answering.choose(asked)
    try:
        scores = _score(chosen, asked, found)
    except Exception:
        chosen.note_failure()
        raise
    return Answered(uuid.uuid4().hex, datetime.now(UTC), chosen.version, chosen.role, asked, found, scores)


def predict_again(version: LoadedVersion, answered: Answered) -> Scores:
    """Predict the rows of an answered request with a challenger. Raises PredictionError."""
    found = answered.found
    if found is None:
        assert answered.asked.rows is not None
        return version.score(_to_frame(answered.asked.rows))
    return _select(found, found.day.score_in_shadow(version))


def _score(chosen: Chosen, asked: Asked, found: Found | None) -> Scores:
    """Return the predictions of a request. Raises BadRequest if the version cannot make them."""
    try:
        scores = _predict(chosen, asked, found)
    except PredictionError as error:
        defect = Defect(problem=f"version {chosen.version.number} cannot predict these rows: {error}")
        raise BadRequest(422, defect) from None
    numbers = None if found is None else found.rows
    if defects := list(find_unusable(scores, numbers)):
        raise BadRequest(422, *defects)
    return scores


def _predict(chosen: Chosen, asked: Asked, found: Found | None) -> Scores:
    if found is not None:  # a version predicts a day once, so that its requests take no comparable time
        return _select(found, found.day.score(chosen.version))
    assert asked.rows is not None
    began = time.perf_counter()
    scores = chosen.version.score(_to_frame(asked.rows))
    chosen.note_time(seconds := time.perf_counter() - began)
    if asked.rows.num_rows <= FEW_ROWS:
        chosen.version.pace.note(seconds)
    return scores


def _to_frame(rows: pa.Table) -> pd.DataFrame:
    # For few rows, handing the columns to Arrow's threads takes longer than converting them.
    frame: pd.DataFrame = rows.to_pandas(use_threads=rows.num_rows > FEW_ROWS)
    return frame


def _select(found: Found, of_day: Scores) -> Scores:
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


def list_scores(answered: Answered) -> Scores:
    """Return the scores of all rows of the request: those of unknown keys are the spec's."""
    cold, given = set(answered.cold_rows), answered.version.model.serving.cold_start
    if not cold or given is None:
        return answered.scores
    filled = {}
    for name, scores in answered.scores.items():
        predicted = iter(scores)
        filled[name] = [
            given[name] if row in cold else next(predicted) for row in range(answered.rows + len(cold))
        ]
    return filled


def describe_answer(answered: Answered) -> Answer:
    """Return an answer as JSON: a prediction of each row, in the order of the request."""
    asked, scores, cold = answered.asked, list_scores(answered), set(answered.cold_rows)
    day = {} if asked.day is None else {"day": asked.day}
    keys = asked.keys or [{}] * answered.rows
    rows = zip(keys, zip(*scores.values(), strict=True), strict=True)
    return {
        "model": answered.version.model.name,
        "model_version": answered.version.number,
        "role": answered.role,
        "feature_snapshot": answered.snapshot,
        "predictions": [
            {**day, **key, **dict(zip(scores, row, strict=True)), **({COLD: True} if number in cold else {})}
            for number, (key, row) in enumerate(rows)
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
        "role": None if served.answering is None else served.answering.role,
        "recipe": None if version is None else version.record.recipe,
        "night": None if version is None else version.record.night,
        "serving_since": None if version is None else version.since,
        "checked_against": None if served.checked is None else served.checked.model_dump(),
        "ledger_entry": None if served.champion is None else served.champion.entry,
        "canary": _describe_canary(served),
        "behind_since": served.behind,
        "refused": served.attempt.model_dump() if served.attempt else None,
    }


def _describe_canary(served: ServedModel) -> Answer | None:
    canary = served.canary
    if canary is None:
        return None
    answers = served.trial is not None and served.returned is None
    return {
        "model_version": canary.version,
        "ledger_entry": canary.entry,
        "previous_version": canary.previous,
        "share": served.spec.serving.canary if answers else 0,
        "since": canary.since,
        "until": canary.until,
        "returned": served.returned,
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
