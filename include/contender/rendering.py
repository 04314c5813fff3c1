"""Templates of mails, pages and drafted files: HTML escapes every value, and an unknown name is an error."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape


@cache
def templates(
    *folders: Path, finalize: Callable[[object], str] | None = None, final_newline: bool = False
) -> Environment:
    """Return the templates in these folders; earlier folders take precedence.

    Templates called `*.html` escape every value. `finalize` is applied to each value, to escape it in other formats.
    `final_newline` keeps the newline at the end of a template, which source files need.
    """
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(["html"]),
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=final_newline,
    )
