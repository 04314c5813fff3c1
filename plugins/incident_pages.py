"""Pages of incidents: what happened, the steps that failed or are missing, the events, and the commands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    readable = readable_dags({dag for one in found for dag in list_dags(one)}, user)
    visible = [one for one in found if one.cause.dag in readable]
    return page("incidents.html", incidents=[(one, name_incident(one, readable)) for one in visible])


@router.get("/{incident_id}")
def incident(incident_id: str, user: GetUserDep) -> HTMLResponse:
    """Show an incident to users who may read the DAG of its cause."""
    from contender.installation import open_installation

    book = open_installation().book
    found = book.incidents.get(incident_id)
    if found is None:
        raise HTTPException(404, f"There is no incident {incident_id!r}.")
    require_dag(found.cause.dag, user)
    return show(found, book.incidents.events(found.id), readable_dags(list_dags(found), user))


def show(found: Incident, events: Sequence[IncidentEvent], readable: Collection[str]) -> HTMLResponse:
    """Return the page of an incident, with what is about readable DAGs."""
    from contender.incidents import describe_step

    steps = [(f, describe_step(f.step)) for f in found.failures if f.step.dag in readable]
    return page(
        "incident.html",
        incident=found,
        title=name_incident(found, readable),
        events=[event for event in events if not event.dag or event.dag in readable],
        steps=steps,
        hidden=len(found.failures) - len(steps),
    )


def list_dags(incident: Incident) -> set[str]:
    """Return the DAGs that an incident is about."""
    return {incident.cause.dag, *(failure.step.dag for failure in incident.failures)}


def name_incident(incident: Incident, readable: Collection[str]) -> str:
    """Return what happened; only its cause, if this could name a DAG that the user may not read."""
    from contender.incidents import describe_step

    return incident.what if list_dags(incident) <= set(readable) else describe_step(incident.cause)
