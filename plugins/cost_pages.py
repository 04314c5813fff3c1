"""The page of costs: what each model costs a night, what it returns a day, and whether it pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from contender.specs import dag_id
from page_access import readable_dags
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
    dags = {name: dag_id("monitor", name) for name in here.catalog.models}
    readable = readable_dags(dags.values(), user)
    return show(
        [read_account(here, here.catalog.model(name)) for name, dag in dags.items() if dag in readable]
    )


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
