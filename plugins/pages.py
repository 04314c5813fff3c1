"""Contender's own pages inside the Airflow UI: where things stand, gates, drift reports and the catalogue.

Each is for those who may read the DAG that it is about; what a list names is left out for everybody else.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from airflow.api_fastapi.core_api.security import GetUserDep, requires_authenticated
from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

import card_pages
import catalogue_pages
import decision_pages
from contender.lake import places
from contender.settings import settings
from contender.specs import dag_id
from page_access import allows, readable_dags, require_audit, require_dag, user_name
from page_rendering import PREFIX, page

# A report is one file with its own scripts: they run, but as a stranger to Airflow's cookies and API.
SANDBOXED = {
    "Content-Security-Policy": "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
}

app = FastAPI(title="Contender", dependencies=[Depends(requires_authenticated())])
app.include_router(card_pages.router)
app.include_router(catalogue_pages.router)
app.include_router(decision_pages.router)


@app.exception_handler(HTTPException)
def refuse(_: Request, error: HTTPException) -> HTMLResponse:
    """A page for people that says what is wrong."""
    return page("refusal.html", http_status=error.status_code, told=error.detail)


@app.get("/")
def overview(user: GetUserDep) -> HTMLResponse:
    """Where datasets and models stand, with the newest gates, decisions and reports that the user may see."""
    from contender.catalogue import producing_dag, read_status
    from contender.installation import open_installation

    installation = open_installation()
    catalog, book = installation.catalog, installation.book
    dags = {table: producing_dag(table) for table in catalog.tables}
    watching = {name: dag_id("monitor", name) for name in catalog.models}
    readable = readable_dags([*dags.values(), *watching.values()], user)
    visible = [table for table, dag in dags.items() if dag in readable]
    status = read_status(installation, visible)
    models = [model.name for model in status.models]
    return page(
        "overview.html",
        status=status,
        gates=book.gates.newest(visible, limit=30),
        waiting=[p for p in book.proposals.waiting(models) if p.open],
        decisions=book.ledger.decisions(models, limit=30),
        monitored=book.monitored.newest(
            [name for name, dag in watching.items() if dag in readable], limit=30
        ),
    )


@app.get("/gates/{gate_id}")
def gate(gate_id: str, user: GetUserDep) -> HTMLResponse:
    """One gate's result: every promise, and what was observed."""
    from contender.catalogue import producing_dag
    from contender.installation import open_installation

    result = open_installation().book.gates.get(gate_id)
    if result is None:
        raise HTTPException(404, f"There is no gate result {gate_id!r}.")
    require_dag(producing_dag(result.table), user)
    return page("gate.html", result=result)


@app.get("/gates/{gate_id}/rows")
def waiting_rows(gate_id: str, user: GetUserDep) -> HTMLResponse:
    """The first rows of a batch that failed its gate; who sees personal data among them is written down."""
    from contender.admission import show_quarantined
    from contender.catalogue import producing_dag
    from contender.installation import open_installation

    installation = open_installation()
    book, catalog = installation.book, installation.catalog
    result = book.gates.get(gate_id)
    if result is None or result.quarantine is None:
        raise HTTPException(404, f"No batch in quarantine is known by the gate result {gate_id!r}.")
    require_dag(producing_dag(result.table), user)
    contract = catalog.contract(result.table)
    pii = allows("read_pii", user, catalog, result.table)
    rows = show_quarantined(result.quarantine, contract, pii=pii)
    if pii and rows.rows and any(column.pii for column in contract.columns):
        reason = "opened the page of the batch's rows"
        book.acts.record("read", result.table, result.id, user_name(user), reason)
    return page("rows.html", result=result, shown=rows)


@app.get("/audit")
def audit(user: GetUserDep, about: str | None = None, by: str | None = None) -> HTMLResponse:
    """What people did: name, time and reason, newest first."""
    from contender.installation import open_installation
    from contender.records import read_audit

    installation = open_installation()
    require_audit(user, installation.catalog)
    found = read_audit(installation.book, about=about or None, by=by or None, limit=500)
    return page("audit.html", found=found, about=about, by=by)


@app.get("/reports/{model}/{day}")
def report(model: str, day: str, user: GetUserDep) -> Response:
    """The drift report of a model and day."""
    # Both become part of a path: nothing but a name and a day may pass.
    if not re.fullmatch(r"[a-z][a-z0-9_]*", model) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
        raise HTTPException(404, "There is no such report.")
    require_dag(dag_id("monitor", model), user)
    try:
        content = places.read(places.below(settings().reports, "drift", model, f"{day}.html"))
    except FileNotFoundError:
        raise HTTPException(404, f"There is no report of {model} for {day}.") from None
    return Response(content, media_type="text/html", headers=SANDBOXED)


class ContenderPages(AirflowPlugin):
    """Mounts the pages and puts them into the menu."""

    name = "contender_pages"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [{"app": app, "url_prefix": PREFIX, "name": "Contender"}]
    external_views: ClassVar[list[dict[str, Any]]] = [
        {
            "name": "Contender",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "category": "browse",
            "url_route": "contender",
        },
        {
            "name": "Catalogue",
            "href": f"{PREFIX}/catalog",
            "destination": "nav",
            "category": "browse",
            "url_route": "contender-catalogue",
        },
        {
            "name": "Audit",
            "href": f"{PREFIX}/audit",
            "destination": "nav",
            "category": "browse",
            "url_route": "contender-audit",
        },
    ]
