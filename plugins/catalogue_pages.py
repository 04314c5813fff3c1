"""The catalogue's pages: what each table holds, how its gates went, and what hangs on it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from page_access import readable_dags, require_dag
from page_rendering import page

# Beyond it, a drawing of everything is no longer read: each table's page draws its own surroundings.
MOST_DRAWN = 60

router = APIRouter(prefix="/catalog")


@router.get("")
def overview(user: GetUserDep) -> HTMLResponse:
    """Every table that the user may see, with its last gates and the lineage between them."""
    from contender.catalogue import draw, read_catalogue
    from contender.installation import open_installation

    installation = open_installation()
    catalog = installation.catalog
    found = read_catalogue(installation, now=datetime.now(UTC), visible=_visible(catalog.tables, user))
    tables = [entry.table for entry in found.entries]
    drawing = draw(tables, found.lineage) if len(tables) <= MOST_DRAWN else None
    return page(
        "catalog.html", entries=found.entries, hidden=len(catalog.tables) - len(tables), drawing=drawing
    )


@router.get("/{table}")
def entry(table: str, user: GetUserDep) -> HTMLResponse:
    """One table, for whoever may read the DAG that fills it."""
    from contender.catalogue import draw, producing_dag, read_catalogue, related
    from contender.installation import open_installation

    installation = open_installation()
    catalog = installation.catalog
    if table not in catalog.tables:
        # Without a guess at what was meant: it might name a table that is not this user's to see.
        raise HTTPException(404, f"There is no table {table!r}.")
    require_dag(producing_dag(table), user)
    visible = _visible(catalog.tables, user)
    found = read_catalogue(installation, now=datetime.now(UTC), tables={table}, visible=visible)
    kin = related(found.lineage, table)
    # In the order of the contracts: equal lineages are drawn alike.
    drawing = draw([name for name in catalog.tables if name in kin], found.lineage)
    return page("table.html", entry=found.entries[0], drawing=drawing)


def _visible(tables: Iterable[str], user: GetUserDep) -> set[str]:
    from contender.catalogue import producing_dag

    dags = {table: producing_dag(table) for table in tables}
    readable = readable_dags(dags.values(), user)
    return {table for table, dag in dags.items() if dag in readable}
