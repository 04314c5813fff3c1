"""Pages of gate results: what failed, what became of the batch, what to do next, and the batch's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from page_access import allows, require_dag, user_name
from page_rendering import page

if TYPE_CHECKING:
    from contender.records import Book, GateResult
    from contender.specs import Catalog

router = APIRouter(prefix="/gates")


@router.get("/{gate_id}")
def gate(gate_id: str, user: GetUserDep) -> HTMLResponse:
    """Show the result of a gate: every expectation with the observed value, and the state of a failed batch."""
    from contender.catalogue import producing_dag
    from contender.installation import open_installation

    installation = open_installation()
    result = installation.book.gates.get(gate_id)
    if result is None:
        raise HTTPException(404, f"There is no gate result {gate_id!r}.")
    require_dag(producing_dag(result.table), user)
    return show(result, installation.catalog, installation.book)


@router.get("/{gate_id}/rows")
def quarantined_rows(gate_id: str, user: GetUserDep) -> HTMLResponse:
    """Show the first rows of a quarantined batch. If they contain personal data, the access is recorded."""
    from contender.admission import compare_failing, show_quarantined
    from contender.catalogue import producing_dag
    from contender.installation import open_installation

    installation = open_installation()
    book, catalog = installation.book, installation.catalog
    result = book.gates.get(gate_id)
    if result is None or result.quarantine is None:
        raise HTTPException(404, f"There is no quarantined batch of the gate result {gate_id!r}.")
    require_dag(producing_dag(result.table), user)
    contract = catalog.contract(result.table)
    pii = allows("read_pii", user, catalog, result.table)
    rows = show_quarantined(result.quarantine, contract, pii=pii)
    if pii and rows.rows and any(column.pii for column in contract.columns):
        reason = "opened the page of the batch's rows"
        book.acts.record("read", result.table, result.id, user_name(user), reason)
    compared = compare_failing(result, contract, installation.lake, pii=pii)
    return page("rows.html", result=result, shown=rows, compared=compared)


def show(result: GateResult, catalog: Catalog, book: Book) -> HTMLResponse:
    """Return the page of a gate result."""
    from contender.admission import read_state
    from contender.catalogue import producing_dag
    from contender.records import quarantine_id
    from contender.specs import dag_id, locate_expectations

    batch = quarantine_id(result.fingerprint)
    state, act = read_state(result, batch, book) if result.quarantine else (None, None)
    newest = book.gates.newest_for(result.table, result.days)
    return page(
        "gate.html",
        result=result,
        batch=batch,
        state=state,
        act=act,
        newer=newest if newest and newest.id != result.id else None,
        built=not result.table.startswith("datasets."),
        dag=producing_dag(result.table),
        run_path=_run_path(result.run),
        release_dag=dag_id("operations", "quarantine"),
        lines=locate_expectations(catalog, result.table, [e.identity for e in result.expectations]),
    )


def _run_path(run: str) -> str | None:
    """Return the path below `/dags/` of a run's page; None for checks outside Airflow, as by a command."""
    from contender.specs import parse_dag_id

    name, _, run_id = run.partition(" ")
    return f"{quote(name)}/runs/{quote(run_id, safe='')}" if parse_dag_id(name).subject and run_id else None
