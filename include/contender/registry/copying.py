"""Copy the database of a local registry, and give its artifacts another place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from contender.settings import Settings
from contender.urls import sqlite_path

_SECONDS = 60.0  # for which a copy waits for writers


def artifacts_of(settings: Settings) -> Path | None:
    """Return the folder of a local registry's artifacts; None if a tracking server keeps them."""
    return None if sqlite_path(settings.registry) is None else (settings.home / "artifacts").absolute()


def copy_registry(settings: Settings, target: Path) -> None:
    """Copy the database of a local registry, as it is at one moment, while others write."""
    database = sqlite_path(settings.registry)
    assert database is not None
    with (
        closing(sqlite3.connect(database, timeout=_SECONDS)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def move_artifacts(database: Path, old: Path, new: Path) -> None:
    """Replace the place of the artifacts, in every column of a copied registry that begins with it."""
    was, now = old.as_uri(), new.as_uri()
    with closing(sqlite3.connect(database)) as connection, connection:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for column in [row[1] for row in connection.execute(f'pragma table_info("{table}")')]:
                connection.execute(
                    f'update "{table}" set "{column}" = ? || substr("{column}", ?) '  # noqa: S608 - MLflow's own names
                    f'where "{column}" = ? or substr("{column}", 1, ?) = ?',
                    (now, len(was) + 1, was, len(was) + 1, f"{was}/"),
                )
