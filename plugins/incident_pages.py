"""Pages of incidents: what happened, the steps that failed or are missing, the events, and the commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from page_access import readable_dags, require_dag
from page_rendering import page

if TYPE_CHECKING:
    from contender.records import Incident, IncidentEvent

MAX_LISTED = 200

router = APIRouter(prefix="/incidents")


@router.get("")
def incidents(user: GetUserDep) -> HTMLResponse:
    """List the newest incidents whose cause is a DAG that the user may read."""
    from contender.installation import open_installation

    found = open_installation().book.incidents.newest(limit=MAX_LISTED)
    readable = readable_dags({incident.cause.dag for incident in found}, user)
    return page("incidents.html", incidents=[one for one in found if one.cause.dag in readable])


@router.get("/{incident_id}")
def incident(incident_id: str, user: GetUserDep) -> HTMLResponse:
    """Show an incident to users who may read the DAG of its cause."""
    from contender.installation import open_installation

    book = open_installation().book
    found = book.incidents.get(incident_id)
    if found is None:
        raise HTTPException(404, f"There is no incident {incident_id!r}.")
    require_dag(found.cause.dag, user)
    dags = {failure.step.dag for failure in found.failures}
    return show(found, book.incidents.events(found.id), readable=dags & readable_dags(dags, user))


def show(found: Incident, events: Sequence[IncidentEvent], readable: set[str]) -> HTMLResponse:
    """Return the page of an incident, with the steps whose DAGs are readable."""
    from contender.incidents import describe_step

    steps = [(f, describe_step(f.step)) for f in found.failures if f.step.dag in readable]
    return page(
        "incident.html", incident=found, events=events, steps=steps, hidden=len(found.failures) - len(steps)
    )
