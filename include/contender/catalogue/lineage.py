"""Lineage: which table is built from which, according to the contracts."""

from __future__ import annotations

from collections.abc import Iterable

from contender.specs import Catalog, ModelSpec, Verb, dag_id
from contender.specs.frozen import Frozen

# The kind of DAG that fills the tables of a namespace.
_VERBS: dict[str, Verb] = {
    "datasets": "ingest",
    "features": "features",
    "labels": "features",
    "predictions": "score",
    "shadow": "retrain",
    "requests": "score",
}


class Edge(Frozen):
    """`target` is built from `source`; both are tables, `namespace.name`."""

    source: str
    target: str


def trace_lineage(catalog: Catalog) -> tuple[Edge, ...]:
    """Return all edges of the lineage, in the order of the contracts.

    A model's predictions depend on its features, and on its labels through training.
    """
    return tuple(edge for model in catalog.models.values() for edge in _model_edges(catalog, model))


def related(edges: Iterable[Edge], table: str) -> frozenset[str]:
    """Return the table itself and all tables upstream and downstream of it, direct or indirect."""
    known = tuple(edges)
    down = _reachable(table, [(edge.source, edge.target) for edge in known])
    return down | _reachable(table, [(edge.target, edge.source) for edge in known])


def list_readers(catalog: Catalog, edges: Iterable[Edge], table: str) -> list[ModelSpec]:
    """Return the models whose predictions depend on a table, and the model that it belongs to."""
    down = _reachable(table, [(edge.source, edge.target) for edge in edges])
    return [
        model
        for model in catalog.models.values()
        if model.prediction_contract.table in down or table in tables_of(model)
    ]


def tables_of(model: ModelSpec) -> tuple[str, ...]:
    """Return the tables that belong to a model, in the order of a night."""
    contracts = (
        model.feature_contract,
        model.label_contract,
        model.prediction_contract,
        model.shadow_contract,
        model.request_contract,
    )
    return tuple(contract.table for contract in contracts)


def producing_dag(table: str) -> str:
    """Return the DAG that fills a table: `features__churn` for `labels.churn`. KeyError for an unknown namespace."""
    namespace, _, name = table.partition(".")
    return dag_id(_VERBS[namespace], name)


def _model_edges(catalog: Catalog, model: ModelSpec) -> list[Edge]:
    made = (model.feature_contract.table, model.label_contract.table)
    served = (model.prediction_contract.table, model.shadow_contract.table)
    inputs = [source.contract.table for source in catalog.sources(model)]
    pairs = [(source, target) for source in inputs for target in made]
    pairs += [(source, target) for source in made for target in served]
    pairs.append((model.feature_contract.table, model.request_contract.table))
    return [Edge(source=source, target=target) for source, target in pairs]


def _reachable(start: str, steps: list[tuple[str, str]]) -> frozenset[str]:
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        beyond = {there for left, there in steps if left == here} - found
        found |= beyond
        waiting += beyond
    return frozenset(found)
