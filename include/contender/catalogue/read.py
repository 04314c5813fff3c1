"""Read the catalogue: one entry for every table of the lake."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from pydantic import Field

from contender.catalogue.freshness import Freshness, judge_freshness
from contender.catalogue.lineage import Edge, producing_dag, trace_lineage
from contender.installation import Installation
from contender.lake import Snapshot
from contender.records import GateResult, Verdict
from contender.specs import Catalog, Column, Contract, Expected, Severity, Unique, describe, expected_days
from contender.specs.frozen import Frozen

GATES_KEPT = 30
SNAPSHOTS_KEPT = 20


class ExpectationEntry(Frozen):
    """An expectation of a table's contract, as a sentence."""

    text: str
    severity: Severity


class GateSummary(Frozen):
    """The result of a gate, in short."""

    gate: str = Field(description="id of the gate result")
    days: str
    verdict: Verdict
    rows: int
    broken: tuple[str, ...] = Field(description="failed checks, as sentences")
    at: datetime


class Entry(Frozen):
    """The catalogue's entry for one table."""

    table: str
    owner: str
    description: str
    dag: str = Field(description="the DAG that fills it")
    daily: bool = Field(description="partitioned by `day`; otherwise replaced as a whole")
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    expectations: tuple[ExpectationEntry, ...]
    guarantees: tuple[str, ...] = Field(default=(), description="what consumers may rely on in addition")
    freshness: Freshness
    gates: tuple[GateSummary, ...] = Field(description="newest first")
    upstream: tuple[str, ...] = Field(description="tables that it is built from directly")
    downstream: tuple[str, ...]
    snapshots: tuple[Snapshot, ...] = Field(description="newest first")


class Catalogue(Frozen):
    """Entries in the order of their contracts, and the lineage between tables."""

    entries: tuple[Entry, ...]
    lineage: tuple[Edge, ...] = Field(description="between all visible tables")


def read_catalogue(
    installation: Installation,
    *,
    now: datetime,
    tables: Collection[str] | None = None,
    visible: Collection[str] | None = None,
) -> Catalogue:
    """Read the entries of these tables (by default all) at `now` (timezone-aware).

    Entries and lineage contain only `visible` tables (by default all), so that readers do not learn of tables that
    they may not see.
    """
    catalog = installation.catalog
    seen = [table for table in catalog.tables if visible is None or table in visible]
    wanted = [table for table in seen if tables is None or table in tables]
    expected = expected_days(catalog, now, installation.settings.nightly_from)
    edges = tuple(edge for edge in trace_lineage(catalog) if edge.source in seen and edge.target in seen)
    entries = (_entry(installation, table, expected.get(table), edges) for table in wanted)
    return Catalogue(entries=tuple(entries), lineage=edges)


def describe_table(catalog: Catalog, table: str) -> str:
    """Return the description of a table. Raises CatalogError if no contract declares it."""
    contract = catalog.contract(table)
    namespace, _, name = contract.table.partition(".")
    if namespace == "datasets":
        return catalog.dataset(name).description
    model = catalog.model(name)
    return {
        "features": f"Features of {name}. {model.description}",
        "labels": f"Matured labels of {name}: {model.label}.",
        "predictions": f"Predictions served by the champion of {name}. {model.description}",
        "shadow": f"Predictions of each night's versions of {name}, stored for comparison and not served.",
        "requests": f"Online predictions of {name} that were logged, with the features as used.",
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
        expectations=_expectations(contract),
        guarantees=contract.guarantees,
        freshness=judge_freshness(dataset, _last_good_day(contract, installation), expected),
        gates=tuple(_summarize(gate) for gate in gates),
        upstream=tuple(edge.source for edge in edges if edge.target == table),
        downstream=tuple(edge.target for edge in edges if edge.source == table),
        snapshots=lake.snapshots(table, SNAPSHOTS_KEPT),
    )


def _expectations(contract: Contract) -> tuple[ExpectationEntry, ...]:
    expectations = (Unique(key=contract.primary_key), *contract.expectations)
    return tuple(ExpectationEntry(text=describe(e, 1), severity=e.severity) for e in expectations)


def _last_good_day(contract: Contract, installation: Installation) -> date | None:
    """The newest day of a daily table; of a reference table, the newest day that passed its gate."""
    if contract.daily:
        return installation.lake.newest_day(contract.table)
    return max((days.last for days in installation.book.gates.passed_days(contract.table)), default=None)


def _summarize(gate: GateResult) -> GateSummary:
    failed = (*(defect.what for defect in gate.defects), *(result.expectation for result in gate.failed))
    return GateSummary(
        gate=gate.id, days=gate.days.key, verdict=gate.verdict, rows=gate.rows, broken=failed, at=gate.at
    )
