"""Keep results: rows in a file, and figures between the markers of a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def keep_rows(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as JSON, each on a line, so that a difference names the rows that changed."""
    file.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


def put_into(page: str, figures: str, begin: str, end: str) -> str:
    """Return the page with these figures between its markers. Raises ValueError if it does not have them."""
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no lines {begin} and {end}: add them")
    return f"{before}{begin}\n\n{figures}\n{end}{after}"
