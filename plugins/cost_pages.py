"""The page of costs: what each model costs a night, what it returns a day, and whether it pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from page_access import readable_models
from page_rendering import drawn, page

if TYPE_CHECKING:
    from contender.accounting import Account

router = APIRouter()


@router.get("/costs")
def costs(user: GetUserDep) -> HTMLResponse:
    """Show the accounts of the models whose monitor DAG the user may read."""
    from contender.accounting import read_account
    from contender.installation import open_installation

    here = open_installation()
    return show([read_account(here, model) for model in readable_models("monitor", here.catalog, user)])


def show(accounts: Sequence[Account]) -> HTMLResponse:
    """Return the page, which opens with how many models pay."""
    from contender.accounting import describe, draw_account, money, summarise

    return page(
        "costs.html",
        answer=summarise(accounts),
        accounts=accounts,
        sentences={one.model: describe(one) for one in accounts},
        charts={one.model: [drawn(chart) for chart in draw_account(one)] for one in accounts},
        money=money,
    )
