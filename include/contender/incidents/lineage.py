"""The steps of a night that must succeed before another one can start, according to the catalog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contender.records import Failure, Step
from contender.specs import Catalog, ModelSpec, dag_id, parse_dag_id


def list_upstream(catalog: Catalog, step: Step) -> list[Step]:
    """Return the steps that a step waits for, direct or indirect, the first of the night first.

    A reference dataset is not waited for. Models and datasets that the catalog no longer has are left out.
    """
    found: dict[Step, None] = {}
    for before in _direct(catalog, step):
        found.update(dict.fromkeys([*list_upstream(catalog, before), before]))
    return list(found)


def explains(failures: Sequence[Failure], upstream: Sequence[Step]) -> bool:
    """Return whether one of these failures, if it is not over, is a step that another one waits for."""
    return any(step.same_as(failure.step) for failure in failures if not failure.over for step in upstream)


def _direct(catalog: Catalog, step: Step) -> Iterator[Step]:
    verb, name = parse_dag_id(step.dag)
    if step.days is None or name not in catalog.models:
        return
    if verb in ("score", "retrain", "monitor"):
        yield Step(dag=dag_id("features", name), days=step.days)
    if verb == "features":
        yield from _inputs(catalog, catalog.models[name], step)


def _inputs(catalog: Catalog, model: ModelSpec, step: Step) -> Iterator[Step]:
    assert step.days is not None
    for source, given in zip(catalog.sources(model), model.inputs, strict=True):
        if given.predictions_of:
            yield Step(dag=dag_id("score", given.predictions_of), days=step.days)
        elif source.contract.daily:
            yield Step(dag=dag_id("ingest", source.name), days=step.days.shifted(source.lead_days))
