"""Reads the catalogue: a page's worth about every table of the lake."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from pydantic import Field

from contender.catalogue.freshness import Expected, Freshness, expected_days, judge_freshness
from contender.catalogue.lineage import Edge, producing_dag, trace_lineage
from contender.installation import Installation
from contender.lake import Snapshot
from contender.records import GateResult, Verdict
from contender.specs import Catalog, Column, Contract, Severity, Unique, describe
from contender.specs.frozen import Frozen

GATES_KEPT = 30
SNAPSHOTS_KEPT = 20


class Promise(Frozen):
    """An expectation of each day's batch, in words."""

    words: str
    severity: Severity


class Judged(Frozen):
    """A gate's judgement of some days, in short."""

    gate: str = Field(description="id of the gate's result")
    days: str
    verdict: Verdict
    rows: int
    broken: tuple[str, ...] = Field(description="what did not hold, in words")
    at: datetime


class Entry(Frozen):
    """One table of the lake."""

    table: str
    owner: str
    description: str
    dag: str = Field(description="the DAG that fills it")
    daily: bool = Field(description="partitioned by `day`; else replaced as a whole")
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    promises: tuple[Promise, ...]
    guarantees: tuple[str, ...] = Field(default=(), description="what a consumer may rely on beside them")
    freshness: Freshness
    gates: tuple[Judged, ...] = Field(description="newest first")
    upstream: tuple[str, ...] = Field(description="tables that it is made from, at one step")
    downstream: tuple[str, ...]
    snapshots: tuple[Snapshot, ...] = Field(description="newest first")


class Catalogue(Frozen):
    """Tables in the order of their contracts, and how they hang together."""

    entries: tuple[Entry, ...]
    lineage: tuple[Edge, ...] = Field(description="between all visible tables")


def read_catalogue(
    installation: Installation,
    *,
    now: datetime,
    tables: Collection[str] | None = None,
    visible: Collection[str] | None = None,
) -> Catalogue:
    """Read what is known of these tables (of all, if None) at `now` (aware).

    Entries and lineage name none but the `visible` tables (all, if None): a reader shall not hear of what is
    not theirs to see.
    """
    catalog = installation.catalog
    seen = [table for table in catalog.tables if visible is None or table in visible]
    wanted = [table for table in seen if tables is None or table in tables]
    expected = expected_days(catalog, now, installation.settings.nightly_from)
    edges = tuple(edge for edge in trace_lineage(catalog) if edge.source in seen and edge.target in seen)
    entries = (_entry(installation, table, expected.get(table), edges) for table in wanted)
    return Catalogue(entries=tuple(entries), lineage=edges)


def describe_table(catalog: Catalog, table: str) -> str:
    """What a table holds, in words. Raises CatalogError when nobody declares it."""
    contract = catalog.contract(table)
    namespace, _, name = contract.table.partition(".")
    if namespace == "datasets":
        return catalog.dataset(name).description
    model = catalog.model(name)
    return {
        "features": f"What {name} scores from. {model.description}",
        "labels": f"Matured outcomes: {model.label}.",
        "predictions": f"What the champion of {name} served. {model.description}",
        "shadow": f"What each night's challenger of {name} would have served, for comparison alone.",
    }[namespace]


def _entry(
    installation: Installation, table: str, expected: Expected | None, edges: tuple[Edge, ...]
) -> Entry:
    catalog, lake = installation.catalog, installation.lake
    contract = catalog.tables[table]
    dataset = next((d for d in catalog.datasets.values() if d.contract.table == table), None)
    gates = installation.book.gates.newest(table, limit=GATES_KEPT)
    return Entry(
        table=table,
        owner=contract.owner,
        description=describe_table(catalog, table),
        dag=producing_dag(table),
        daily=contract.daily,
        columns=contract.columns,
        primary_key=contract.primary_key,
        promises=_promises(contract),
        guarantees=contract.guarantees,
        freshness=judge_freshness(dataset, _last_good_day(contract, installation), expected),
        gates=tuple(_judged(gate) for gate in gates),
        upstream=tuple(edge.source for edge in edges if edge.target == table),
        downstream=tuple(edge.target for edge in edges if edge.source == table),
        snapshots=lake.snapshots(table, SNAPSHOTS_KEPT),
    )


def _promises(contract: Contract) -> tuple[Promise, ...]:
    promises = (Unique(key=contract.primary_key), *contract.expectations)
    return tuple(Promise(words=describe(promise, 1), severity=promise.severity) for promise in promises)


def _last_good_day(contract: Contract, installation: Installation) -> date | None:
    """The newest day that is there; of a table replaced whole, the newest that its gate let through."""
    if contract.daily:
        return installation.lake.newest_day(contract.table)
    return max((days.last for days in installation.book.gates.passed_days(contract.table)), default=None)


def _judged(gate: GateResult) -> Judged:
    broken = (*(defect.what for defect in gate.defects), *(result.expectation for result in gate.failed))
    return Judged(
        gate=gate.id, days=gate.days.key, verdict=gate.verdict, rows=gate.rows, broken=broken, at=gate.at
    )
