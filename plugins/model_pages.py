"""Pages of a model (why its champion serves, losses, drift verdicts), of two versions, and of all promotions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from contender.specs import CatalogError, dag_id
from evidence_charts import draw_evidence
from page_access import readable_dags, readable_models, readable_tables, require_dag
from page_rendering import drawn, page

if TYPE_CHECKING:
    from markupsafe import Markup

    from contender.cards import ModelCard
    from contender.catalogue import ModelHistory

MAX_LISTED = 100

router = APIRouter()


@router.get("/models/{model}")
def model_page(model: str, user: GetUserDep) -> HTMLResponse:
    """Show a model to users who may read its retrain DAG; monitored days to those who may read its monitor DAG."""
    from contender.catalogue import read_history, tables_of
    from contender.installation import open_installation

    require_dag(dag_id("retrain", model), user)
    here = open_installation()
    spec = here.catalog.models.get(model)
    if spec is None:
        raise HTTPException(404, f"There is no model {model!r} in the catalog.")
    with_days = bool(readable_dags([dag_id("monitor", model)], user))
    history = read_history(here.book, model, with_days=with_days)
    tested = next((one.decision for one in history.entries if one.decision.evidence), None)
    evidence = draw_evidence(tested, spec, here.book) if tested else []
    tables = [*(source.contract.table for source in here.catalog.sources(spec)), *tables_of(spec)]
    visible = readable_tables(tables, user)
    return show(history, evidence, [table for table in tables if table in visible], with_days=with_days)


@router.get("/models/{model}/versions")
def versions_page(model: str, first: int, second: int, user: GetUserDep) -> HTMLResponse:
    """Show two versions side by side to users who may read the model's retrain DAG."""
    from contender.cards import CardError, read_card
    from contender.installation import open_installation

    require_dag(dag_id("retrain", model), user)
    here = open_installation()
    try:
        return show_versions(read_card(here, model, first), read_card(here, model, second))
    except (CardError, CatalogError) as error:
        raise HTTPException(404, str(error)) from None


@router.get("/promotions")
def promotions(user: GetUserDep) -> HTMLResponse:
    """List the newest ledger entries of all models that the user may see, each in two sentences."""
    from contender.catalogue import read_promotions
    from contender.installation import open_installation

    here = open_installation()
    models = [model.name for model in readable_models("retrain", here.catalog, user)]
    return page("promotions.html", entries=read_promotions(here.book, models, MAX_LISTED))


def show_versions(first: ModelCard, second: ModelCard) -> HTMLResponse:
    """Return the page of two versions."""
    from contender.cards import compare_cards, draw_judgement

    found = compare_cards(first, second)
    measured = {card.version: card.calibration for card in (first, second)}
    charts = [draw_judgement(number, measured[number], ()) for number in (found.first, found.second)]
    return page(
        "versions.html", found=found, charts=[drawn(svg) for chart in charts for svg in chart.values()]
    )


def show(
    history: ModelHistory, evidence: Sequence[Markup], tables: Sequence[str] = (), *, with_days: bool
) -> HTMLResponse:
    """Return the page of a model; `tables` are its inputs and its own, as far as the user may see them."""
    from contender.catalogue import draw_history

    return page(
        "model.html",
        history=history,
        charts={name: drawn(chart) for name, chart in draw_history(history).items()},
        evidence=evidence,
        with_days=with_days,
        tables=tables,
        dags=[dag_id(verb, history.model) for verb in ("features", "retrain", "score", "monitor")],
    )
