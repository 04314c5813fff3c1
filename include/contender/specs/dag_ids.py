"""Ids of DAGs: `<verb>__<subject>`, as in `ingest__departures` and `operations__upkeep`."""

from __future__ import annotations

from typing import Literal, NamedTuple

from contender.specs.catalog import Catalog

Verb = Literal["ingest", "features", "retrain", "score", "monitor", "feasibility", "rollback", "operations"]

NIGHTLY: tuple[Verb, ...] = ("features", "retrain", "score", "monitor")  # the DAGs of a model's nightly run
FEASIBILITY: Verb = "feasibility"  # a model's DAG that is started by hand
SEPARATOR = "__"


class DagId(NamedTuple):
    """The parts of a DAG id: what the DAG does, and for which dataset or model."""

    verb: str
    subject: str


def dag_id(verb: Verb, subject: str) -> str:
    """Return the id of a DAG. The subject is a dataset, a model, or the name of an operation."""
    return f"{verb}{SEPARATOR}{subject}"


def parse_dag_id(text: str) -> DagId:
    """Return the verb and the subject of a DAG id; the subject is empty if it is not one of Contender's."""
    verb, _, subject = text.partition(SEPARATOR)
    return DagId(verb, subject)


def nightly_dag_ids(catalog: Catalog) -> set[str]:
    """Return the ids of all nightly DAGs."""
    ingested = {dag_id("ingest", name) for name in catalog.datasets}
    return ingested | {dag_id(verb, name) for name in catalog.models for verb in NIGHTLY}
