"""Render pages from templates that escape all values, with a content security policy that forbids scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi.responses import HTMLResponse
from markupsafe import Markup

import contender
from contender.rendering import templates
from contender.settings import settings
from menu import PREFIX

NO_SCRIPTS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",  # the next user of the same browser may have other rights
}
TEMPLATES = Path(__file__).parent / "templates"
# A card inside the UI and in a separate file has the same body; pages, cards and charts have one stylesheet.
SHARED = [Path(contender.__file__).parent / room / "templates" for room in ("cards", "charts")]


def drawn(chart: str) -> Markup:
    """Return a chart of contender.charts as markup. Charts escape their texts."""
    return Markup(chart)  # noqa: S704


def airflow_path() -> str:
    """Return the path below which Airflow's own pages are."""
    return urlsplit(settings().ui_url).path.rstrip("/")


def gate_link(gate: str) -> str:
    """Return the address of a gate's page."""
    return f"{airflow_path()}{PREFIX}/gates/{quote(gate, safe='')}"


def page(template: str, *, http_status: int = 200, **values: Any) -> HTMLResponse:
    """Return the page of a template with these values and those that every page has."""
    airflow = airflow_path()
    content = (
        templates(TEMPLATES, *SHARED)
        .get_template(template)
        .render(prefix=f"{airflow}{PREFIX}", airflow=airflow, http_status=http_status, **values)
    )
    return HTMLResponse(content, status_code=http_status, headers=NO_SCRIPTS)
