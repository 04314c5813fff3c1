"""Which of the waiting tasks runs first: urgent actions, then what predictions wait for, by deadline, then the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

from contender.specs.catalog import Catalog
from contender.specs.dag_ids import parse_dag_id
from contender.specs.expected import scores_due
from contender.specs.model import ModelSpec

URGENT_OPERATIONS = ("housekeeping", "incidents")  # short ones: mails that people wait for
# A night's stages; later ones first, so that a night that has begun ends. Monitoring may find a broken feed.
UNTIL_SCORED = {"ingest": 1, "features": 2, "score": 3}
AFTERWARDS = {"retrain": 1, "monitor": 2}
_ABOVE = 20_000  # more than any deadline and stage together
_LONGEST = 2 * 24 * 60  # minutes from the end of a night's day; deadlines are earlier in every time zone
_WINTER = date(2026, 1, 1)  # a change to summer time must not change the order of models


def task_priority(dag: str, deadlines: Mapping[str, int]) -> int:
    """Return the priority of the tasks of a DAG: of two that wait, the one with the higher number runs first.

    `deadlines` are those of `read_deadlines`.
    """
    verb, subject = parse_dag_id(dag)
    if verb == "rollback" or (verb == "operations" and subject in URGENT_OPERATIONS):
        return 2 * _ABOVE
    left = _LONGEST - deadlines.get(subject, _LONGEST)
    if verb in UNTIL_SCORED:
        return _ABOVE + left * len(UNTIL_SCORED) + UNTIL_SCORED[verb]
    return 1 + (left * len(UNTIL_SCORED) + AFTERWARDS[verb] if verb in AFTERWARDS else 0)


def read_deadlines(catalog: Catalog) -> dict[str, int]:
    """Return, by model and dataset, the minutes from the end of a night's day (UTC) to the earliest `scored_by`.

    A dataset, or a model whose predictions are an input, has the deadline of the first model that waits for it. Those
    without a deadline are absent.
    """
    found: dict[str, int] = {}
    midnight = datetime.combine(_WINTER + timedelta(days=1), time.min, UTC)
    for model in catalog.models.values():
        due = scores_due(model, _WINTER)
        if due is not None:
            minutes = int((due - midnight).total_seconds() // 60)
            for name in _waited_for(catalog, model):
                found[name] = min(minutes, found.get(name, minutes))
    return found


def _waited_for(catalog: Catalog, model: ModelSpec) -> Iterator[str]:
    yield model.name
    for source in model.inputs:
        if source.dataset:
            yield source.dataset
        else:
            yield from _waited_for(catalog, catalog.model(source.predictions_of or ""))
