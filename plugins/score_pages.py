"""The page of scorecards: the ML Test Score of each model, what is missing, and the evidence of each test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from page_access import readable_models
from page_rendering import page

if TYPE_CHECKING:
    from contender.scorecard import Scorecard

router = APIRouter()


@router.get("/scorecards")
def scorecards(user: GetUserDep) -> HTMLResponse:
    """Show the scores of the models whose retrain DAG the user may read."""
    from contender.installation import open_installation
    from contender.scorecard import read_evidence, score

    here = open_installation()
    models = readable_models("retrain", here.catalog, user)
    return show([score(read_evidence(here, model.name)) for model in models])


def show(cards: Sequence[Scorecard]) -> HTMLResponse:
    """Return the page, which opens with the lowest score."""
    from contender.scorecard import SECTIONS

    lowest = min(cards, key=lambda one: one.total, default=None)
    return page("scorecards.html", cards=cards, lowest=lowest, sections=SECTIONS)
