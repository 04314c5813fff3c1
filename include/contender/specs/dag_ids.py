"""Ids of DAGs: `<verb>__<subject>`, as in `ingest__departures` and `operations__upkeep`."""

from __future__ import annotations

from typing import Literal, NamedTuple

from contender.specs.catalog import Catalog

Verb = Literal["ingest", "features", "retrain", "score", "monitor", "rollback", "operations"]

NIGHTLY: tuple[Verb, ...] = ("features", "retrain", "score", "monitor")  # a model's nights
SEPARATOR = "__"


class DagId(NamedTuple):
    """What an id says: what the DAG does, and to which dataset or model."""

    verb: str
    subject: str


def dag_id(verb: Verb, subject: str) -> str:
    """Return the id of the DAG that does this to a dataset or model; of an operation, `subject` is its name."""
    return f"{verb}{SEPARATOR}{subject}"


def parse_dag_id(text: str) -> DagId:
    """Return the verb and the subject of an id; no subject where the id is not one of Contender's."""
    verb, _, subject = text.partition(SEPARATOR)
    return DagId(verb, subject)


def nightly_dag_ids(catalog: Catalog) -> set[str]:
    """Return the ids of the DAGs that run the nights of every dataset and model."""
    ingested = {dag_id("ingest", name) for name in catalog.datasets}
    return ingested | {dag_id(verb, name) for name in catalog.models for verb in NIGHTLY}
