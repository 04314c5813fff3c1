"""How pages are made: from templates that escape all they are given, under a policy that runs no scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import contender

PREFIX = "/contender"
NO_SCRIPTS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",  # what one user may see is not for the next one at the same browser
}

# A card is told in the same words here and in a file of its own.
_CARDS = Path(contender.__file__).parent / "cards" / "templates"

_templates = Environment(
    loader=FileSystemLoader([Path(__file__).parent / "templates", _CARDS]),
    autoescape=True,
    undefined=StrictUndefined,
)


def drawn(chart: str) -> Markup:
    """A chart of contender.charts as part of a page: it escapes its own words."""
    return Markup(chart)  # noqa: S704


def page(template: str, *, http_status: int = 200, **values: Any) -> HTMLResponse:
    """The template with these values, as a page."""
    content = _templates.get_template(template).render(prefix=PREFIX, http_status=http_status, **values)
    return HTMLResponse(content, status_code=http_status, headers=NO_SCRIPTS)
