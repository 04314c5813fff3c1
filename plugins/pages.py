"""Contender's own pages inside the Airflow UI, for logged-in users: where things stand, gates, drift reports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from airflow.api_fastapi.core_api.security import requires_authenticated
from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contender.settings import settings

PREFIX = "/contender"
NO_SCRIPTS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
}
# A report is one file with its own scripts: they run, but as a stranger to Airflow's cookies and API.
SANDBOXED = {"Content-Security-Policy": "sandbox allow-scripts; frame-ancestors 'self'"}

app = FastAPI(title="Contender", dependencies=[Depends(requires_authenticated())])

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)


@app.get("/")
def overview() -> HTMLResponse:
    """Where datasets and models stand, with the newest gates, decisions and reports."""
    from contender.cli.status import read_status
    from contender.lake import open_lake
    from contender.records import open_book
    from contender.specs import load_catalog

    here = settings()
    book = open_book(here.records)
    status = read_status(load_catalog(here.catalog_home), open_lake(here), book)
    return _page(
        "overview.html",
        status=status,
        gates=book.gate_results(limit=30),
        decisions=book.decisions(limit=30),
        monitored=book.monitored(limit=30),
    )


@app.get("/gates/{gate_id}")
def gate(gate_id: str) -> HTMLResponse:
    """One gate's result: every promise, and what was observed."""
    from contender.records import open_book

    result = open_book(settings().records).gate_result(gate_id)
    if result is None:
        raise HTTPException(404, f"There is no gate result {gate_id!r}.")
    return _page("gate.html", result=result)


@app.get("/reports/{model}/{day}")
def report(model: str, day: str) -> FileResponse:
    """The drift report of a model and day."""
    # Both become part of a path: nothing but a name and a day may pass.
    if not re.fullmatch(r"[a-z][a-z0-9_]*", model) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
        raise HTTPException(404, "There is no such report.")
    path = Path(settings().reports) / "drift" / model / f"{day}.html"
    if not path.is_file():
        raise HTTPException(404, f"There is no report of {model} for {day}.")
    return FileResponse(path, media_type="text/html", headers=SANDBOXED)


def _page(template: str, **values: Any) -> HTMLResponse:
    content = _templates.get_template(template).render(prefix=PREFIX, **values)
    return HTMLResponse(content, headers=NO_SCRIPTS)


class ContenderPages(AirflowPlugin):  # type: ignore[misc]
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
        }
    ]
