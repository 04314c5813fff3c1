"""URLs of SQLite databases, quoted so that their folder may have any name."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote

_SQLITE = "sqlite:///"


def sqlite_url(database: Path) -> str:
    """Return the SQLAlchemy URL of a SQLite database."""
    return _SQLITE + quote(str(database))


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite database, or None if the URL is one of another database."""
    if not url.startswith(_SQLITE):
        return None
    return Path(unquote(url.removeprefix(_SQLITE).partition("?")[0]))
