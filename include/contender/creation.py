"""Create a SQLite store once, even if many processes open it for the first time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock

from contender.urls import sqlite_path

_SECONDS = 300.0  # creation and migration take a few; the kernel releases the lock of a killed process


@contextmanager
def creation_lock(url: str) -> Iterator[None]:
    """Hold the creation lock of a SQLite database, whose folder is created; other URLs need none.

    The stores' libraries look for missing tables and then create them: two processes that look at the same time both
    create them, and one fails. The lock is a file beside the database. Raises filelock.Timeout after five minutes.
    """
    database = sqlite_path(url)
    if database is None:
        yield
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{database}.lock", timeout=_SECONDS):
        yield
