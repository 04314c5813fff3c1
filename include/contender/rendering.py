"""Templates of mails, pages and drafted files: HTML escapes every value, and an unknown name is an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape


@cache
def templates(
    *folders: Path, finalize: Callable[[object], str] | None = None, final_newline: bool = False
) -> Environment:
    """Return the templates in these folders; earlier folders take precedence.

    Templates called `*.html` escape every value. `finalize` is applied to each value, to escape it in other formats.
    `final_newline` keeps the newline at the end of a template, which source files need. In HTML, `message | code` shows
    what a message has between backticks as code.
    """
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(["html"]),
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=final_newline,
    )
    environment.filters["code"] = mark_code
    return environment


def mark_code(message: object) -> Markup:
    """Return a message as HTML, with what is between backticks as code; a backtick without another stays as it is."""
    escaped = str(escape("" if message is None else message))
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", escaped))  # noqa: S704 - escaped above
