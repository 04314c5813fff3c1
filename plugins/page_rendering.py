"""How pages are made: from templates that escape all they are given, under a policy that runs no scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from markupsafe import Markup

import contender
from contender.rendering import templates

PREFIX = "/contender"
NO_SCRIPTS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",  # what one user may see is not for the next one at the same browser
}
TEMPLATES = Path(__file__).parent / "templates"
# A card has the same words here and in a file of its own.
CARDS = Path(contender.__file__).parent / "cards" / "templates"


def drawn(chart: str) -> Markup:
    """A chart of contender.charts as part of a page: it escapes its own words."""
    return Markup(chart)  # noqa: S704


def page(template: str, *, http_status: int = 200, **values: Any) -> HTMLResponse:
    """The template with these values, as a page."""
    content = (
        templates(TEMPLATES, CARDS)
        .get_template(template)
        .render(prefix=PREFIX, http_status=http_status, **values)
    )
    return HTMLResponse(content, status_code=http_status, headers=NO_SCRIPTS)
