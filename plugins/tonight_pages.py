"""The first page: whether tonight's predictions exist, what is wrong, what needs a person, and each model's night."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from contender.specs import dag_id
from incident_pages import list_dags, name_incident
from night_runs import find_runs
from page_access import readable_dags, readable_models
from page_rendering import page

if TYPE_CHECKING:
    from contender.admission import Quarantined
    from contender.planning import NightRow
    from contender.records import Incident, Proposal

router = APIRouter()


@router.get("/")
def tonight(user: GetUserDep) -> HTMLResponse:
    """Show tonight's state of the models that the user may see, with incidents, approvals and quarantined batches."""
    from contender.admission import list_quarantined
    from contender.catalogue import producing_dag
    from contender.installation import open_installation
    from contender.planning import judge_night, read_tonight

    here, now = open_installation(), datetime.now(UTC)
    models = readable_models("score", here.catalog, user)
    rows = [judge_night(night, now) for night in read_tonight(here, models, now, find_runs)]
    incidents = here.book.incidents.unfinished()
    batches = [one for one in list_quarantined(here) if one.state == "waiting"]
    waiting = [one for one in here.book.proposals.waiting(list(here.catalog.models)) if one.open]
    named = {step.step.dag for row in rows for step in row.steps}
    named |= {dag for one in incidents for dag in list_dags(one)}
    named |= {producing_dag(one.batch.table) for one in batches}
    readable = readable_dags({*named, *(dag_id("retrain", one.decision.model) for one in waiting)}, user)
    return show(
        rows,
        readable,
        incidents=incidents,
        batches=[one for one in batches if producing_dag(one.batch.table) in readable],
        waiting=[one for one in waiting if dag_id("retrain", one.decision.model) in readable],
    )


def show(
    rows: Sequence[NightRow],
    readable: Collection[str],
    *,
    incidents: Sequence[Incident] = (),
    batches: Sequence[Quarantined] = (),
    waiting: Sequence[Proposal] = (),
) -> HTMLResponse:
    """Return the page, with what is about readable DAGs."""
    from contender.planning import answer_tonight, combine, hide_unreadable

    shown = [hide_unreadable(row, readable) for row in rows]
    visible = [one for one in incidents if one.cause.dag in readable]
    return page(
        "tonight.html",
        answer=answer_tonight(shown),
        rows=shown,
        combine=combine,
        incidents=[(one, name_incident(one, readable)) for one in visible],
        batches=batches,
        waiting=waiting,
        release_dag=dag_id("operations", "quarantine"),
    )
