"""Pages of the catalogue: schema, gates and lineage of each table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from page_access import readable_models, readable_tables, require_dag
from page_rendering import drawn, gate_link, page

if TYPE_CHECKING:
    from contender.catalogue import Catalogue, ColumnHistory, Drawing, Entry
    from contender.records import GateResult
    from contender.specs import ModelSpec

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
    visible = readable_tables(catalog.tables, user)
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
        answer=count_healthy(list(judged.values()), sought),
        drawing=draw(tables, found.lineage) if len(tables) <= MAX_DRAWN else None,
    )


@router.get("/{table}")
def entry(table: str, user: GetUserDep) -> HTMLResponse:
    """Show one table to users who may read the DAG that fills it."""
    from contender.catalogue import (
        MOST_BATCHES,
        MOST_DAYS,
        draw,
        list_readers,
        producing_dag,
        read_catalogue,
        related,
        trace_columns,
    )
    from contender.installation import open_installation
    from contender.profiles import read_stored

    installation = open_installation()
    catalog = installation.catalog
    if table not in catalog.tables:
        # No "did you mean": the suggestion could be a table that the user may not see.
        raise HTTPException(404, f"There is no table {table!r}.")
    require_dag(producing_dag(table), user)
    visible = readable_tables(catalog.tables, user)
    found = read_catalogue(installation, now=datetime.now(UTC), tables={table}, visible=visible)
    connected = related(found.lineage, table)
    # Use the order of the contracts, so that the drawing is always the same.
    drawing = draw([name for name in catalog.tables if name in connected], found.lineage)
    readers = list_readers(catalog, found.lineage, table)
    shown = {model.name for model in readable_models("retrain", catalog, user)}
    contract, lake, book = catalog.tables[table], installation.lake, installation.book
    return show_table(
        found.entries[0],
        drawing,
        book.gates.newest_days(table, MOST_BATCHES),
        trace_columns(contract, read_stored(contract, MOST_DAYS, lake, book)),
        _name_predictions((model for model in readers if model.name in shown), visible),
    )


def show_table(
    entry: Entry,
    drawing: Drawing,
    gates: Sequence[GateResult],
    columns: Sequence[ColumnHistory],
    readers: Mapping[str, str | None],
) -> HTMLResponse:
    """Return the page of a table, which opens with whether it is healthy.

    `gates` are those of its newest days; `readers` are the models that read it, with their predictions' table if the
    user may see it.
    """
    from contender.catalogue import (
        MOST_COLUMNS,
        describe_columns,
        describe_quality,
        draw_columns,
        draw_quality,
        judge_health,
    )

    batches = sorted(gates, key=lambda one: (one.days.key, one.at))
    return page(
        "table.html",
        entry=entry,
        health=judge_health(entry),
        drawing=drawing,
        quality=describe_quality(batches),
        heat_map=drawn(draw_quality(batches, gate_link)),
        profile=describe_columns(columns),
        charts=[drawn(chart) for chart in draw_columns(columns)],
        undrawn=max(len(columns) - MOST_COLUMNS, 0),
        readers=readers,
    )


def _name_predictions(models: Iterable[ModelSpec], visible: Collection[str]) -> dict[str, str | None]:
    """Return the table of each model's predictions by the model's name; None if the user may not see it."""
    tables = {model.name: model.prediction_contract.table for model in models}
    return {name: table if table in visible else None for name, table in tables.items()}
