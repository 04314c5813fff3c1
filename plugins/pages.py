"""Contender's pages in Airflow's API server: drift reports, audit, and the pages of other modules.

A page is visible to users who may read its DAG. Lists leave out what the user may not see.
"""

from __future__ import annotations

import re

from airflow.api_fastapi.core_api.security import GetUserDep, requires_authenticated
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

import card_pages
import catalogue_pages
import cost_pages
import decision_pages
import gate_pages
import incident_pages
import model_pages
import score_pages
import tonight_pages
from contender.settings import settings
from contender.specs import dag_id
from page_access import login_url, require_audit, require_dag
from page_rendering import page

# A drift report has scripts: the sandbox runs them without access to Airflow's cookies and API.
SANDBOXED = {
    "Content-Security-Policy": "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
}

app = FastAPI(title="Contender", dependencies=[Depends(requires_authenticated())])
app.include_router(card_pages.router)
app.include_router(catalogue_pages.router)
app.include_router(cost_pages.router)
app.include_router(decision_pages.router)
app.include_router(gate_pages.router)
app.include_router(incident_pages.router)
app.include_router(model_pages.router)
app.include_router(score_pages.router)
app.include_router(tonight_pages.router)


@app.exception_handler(HTTPException)
def refuse(request: Request, error: HTTPException) -> Response:
    """Return an error as a page; send a person who is not logged in to Airflow's login."""
    if (login := login_url(request, error)) is not None:
        return RedirectResponse(login, status_code=303)
    return page("refusal.html", http_status=error.status_code, message=error.detail)


@app.get("/audit")
def audit(user: GetUserDep, about: str | None = None, by: str | None = None) -> HTMLResponse:
    """Show the acts of people with name, time and reason, newest first."""
    from contender.installation import open_installation
    from contender.records import read_audit

    installation = open_installation()
    require_audit(user, installation.catalog)
    found = read_audit(installation.book, about=about or None, by=by or None, limit=500)
    return page("audit.html", found=found, about=about, by=by)


@app.get("/reports/{model}/{day}")
def report(model: str, day: str, user: GetUserDep) -> Response:
    """Return the drift report of a model and day."""
    from contender.lake import places

    # Both become part of a path: accept only a name and a day.
    if not re.fullmatch(r"[a-z][a-z0-9_]*", model) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
        raise HTTPException(404, "There is no such report: expected a model's name and a day as YYYY-MM-DD.")
    require_dag(dag_id("monitor", model), user)
    try:
        content = places.read(places.below(settings().reports, "drift", model, f"{day}.html"))
    except FileNotFoundError:
        raise HTTPException(404, f"There is no drift report of {model} for {day}.") from None
    return Response(content, media_type="text/html", headers=SANDBOXED)
