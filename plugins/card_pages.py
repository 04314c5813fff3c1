"""Pages of model cards, for users who may read the model's retrain DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from contender.specs import CatalogError, dag_id
from page_access import require_dag
from page_rendering import drawn, page

if TYPE_CHECKING:
    from contender.cards import ModelCard

router = APIRouter(prefix="/cards")


@router.get("/{model}")
def champion(model: str, user: GetUserDep) -> HTMLResponse:
    """Show the card of the champion."""
    return _card(model, None, user)


@router.get("/{model}/{version}")
def version_card(model: str, version: int, user: GetUserDep) -> HTMLResponse:
    """Show the card of one version."""
    return _card(model, version, user)


def show(card: ModelCard, readiness: str | None = None) -> HTMLResponse:
    """Return the page of a card; `readiness` is the model's ML Test Score."""
    from contender.cards import draw_card

    charts = {name: drawn(chart) for name, chart in draw_card(card).items()}
    return page("model_card_page.html", card=card, charts=charts, readiness=readiness)


def _card(model: str, version: int | None, user: GetUserDep) -> HTMLResponse:
    from contender.cards import CardError, read_card
    from contender.installation import open_installation
    from contender.scorecard import read_evidence, score

    require_dag(dag_id("retrain", model), user)
    try:
        here = open_installation()
        return show(read_card(here, model, version), score(read_evidence(here, model)).verdict)
    except (CardError, CatalogError) as error:
        raise HTTPException(404, str(error)) from None
