"""Pages of the catalogue: schema, gates and lineage of each table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from page_access import readable_dags, require_dag
from page_rendering import drawn, gate_link, page

if TYPE_CHECKING:
    from contender.catalogue import Catalogue, Drawing, Entry
    from contender.records import GateResult

# A drawing of more tables is unreadable. Each table's page draws its own lineage.
MAX_DRAWN = 60

router = APIRouter(prefix="/catalog")


@router.get("")
def overview(user: GetUserDep, q: str = "") -> HTMLResponse:
    """List the tables that the user may see, or those that a search finds, with their last gates and lineage."""
    from contender.catalogue import find_tables, read_catalogue
    from contender.installation import open_installation

    installation = open_installation()
    catalog = installation.catalog
    visible = _visible(catalog.tables, user)
    tables = find_tables(catalog, q)
    found = read_catalogue(installation, now=datetime.now(UTC), tables=tables, visible=visible)
    return show_overview(found, hidden=len(catalog.tables) - len(visible), sought=q)


def show_overview(found: Catalogue, *, hidden: int, sought: str = "") -> HTMLResponse:
    """Return the page of these tables, which opens with how many are healthy."""
    from contender.catalogue import count_healthy, draw, judge_health

    tables = [entry.table for entry in found.entries]
    judged = {entry.table: judge_health(entry) for entry in found.entries}
    return page(
        "catalog.html",
        entries=found.entries,
        hidden=hidden,
        sought=sought,
        health=judged,
        answer=count_healthy(list(judged.values())),
        drawing=draw(tables, found.lineage) if len(tables) <= MAX_DRAWN else None,
    )


@router.get("/{table}")
def entry(table: str, user: GetUserDep) -> HTMLResponse:
    """Show one table to users who may read the DAG that fills it."""
    from contender.catalogue import MOST_BATCHES, draw, producing_dag, read_catalogue, related
    from contender.installation import open_installation

    installation = open_installation()
    catalog = installation.catalog
    if table not in catalog.tables:
        # No "did you mean": the suggestion could be a table that the user may not see.
        raise HTTPException(404, f"There is no table {table!r}.")
    require_dag(producing_dag(table), user)
    visible = _visible(catalog.tables, user)
    found = read_catalogue(installation, now=datetime.now(UTC), tables={table}, visible=visible)
    connected = related(found.lineage, table)
    # Use the order of the contracts, so that the drawing is always the same.
    drawing = draw([name for name in catalog.tables if name in connected], found.lineage)
    gates = installation.book.gates.newest_days(table, MOST_BATCHES)
    return show_table(found.entries[0], drawing, gates)


def show_table(entry: Entry, drawing: Drawing, gates: Sequence[GateResult]) -> HTMLResponse:
    """Return the page of a table, which opens with whether it is healthy; `gates` are those of its newest days."""
    from contender.catalogue import describe_quality, draw_quality, judge_health

    batches = sorted(gates, key=lambda one: (one.days.key, one.at))
    return page(
        "table.html",
        entry=entry,
        health=judge_health(entry),
        drawing=drawing,
        quality=describe_quality(batches),
        heat_map=drawn(draw_quality(batches, gate_link)),
    )


def _visible(tables: Iterable[str], user: GetUserDep) -> set[str]:
    from contender.catalogue import producing_dag

    dags = {table: producing_dag(table) for table in tables}
    readable = readable_dags(dags.values(), user)
    return {table for table, dag in dags.items() if dag in readable}
