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
    """Return the templates in these folders, the first folder that holds a name first.

    A template called `*.html` escapes every value. `finalize` is applied to each value of the others, which need an
    escape of their own; `final_newline` keeps the newline at the end of a template, as a source file needs it.
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
