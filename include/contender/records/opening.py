"""Open the book of record at its URL, and migrate its tables to the current schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from contender.creation import creation_lock
from contender.records.book import Book
from contender.urls import sqlite_path

_MIGRATIONS = Path(__file__).parent / "migrations"


# Any error of a database, such as that of the lake's catalogue: no other room knows SQLAlchemy.
DatabaseError = SQLAlchemyError


class BookError(RuntimeError):
    """The book of record cannot be opened; the message says what to run."""


def open_book(url: str) -> Book:
    """Open the book at a SQLAlchemy URL. Raises BookError when it is unreachable, missing or at another revision."""
    engine = open_engine(url)
    try:
        found = _find_revision(url, engine)
    except DBAPIError as error:
        raise BookError(
            f"the book of record at {_place(url)} cannot be opened: {error.orig}".strip()
        ) from None
    wanted = newest_revision()
    if found != wanted:
        state = "does not exist yet" if found is None else f"is at revision {found}, not {wanted}"
        raise BookError(f"the book of record at {_place(url)} {state}: run `contender migrate`")
    return Book(engine)


def migrate(url: str) -> str | None:
    """Create or upgrade the book's tables. Returns the revisions before and after, or None if nothing changed."""
    from alembic import command  # late: only a migration needs it
    from alembic.config import Config

    config, engine = Config(), open_engine(url)
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["engine"] = engine
    with creation_lock(url), _migration_lock(engine):
        before = _revision(engine)
        command.upgrade(config, "head")
        after = _revision(engine)
    return None if before == after else f"from revision {before or 'none'} to {after}"


def newest_revision() -> str:
    """Return the revision of the book's tables in this release."""
    return max(_revisions())


def knows_revision(revision: str) -> bool:
    """Return whether this release can migrate a book from a revision."""
    return revision in _revisions()


def book_exists(url: str) -> bool:
    """Return whether there is a book at a URL, with or without records."""
    return _find_revision(url, open_engine(url)) is not None


@contextmanager
def _migration_lock(engine: Engine) -> Iterator[None]:
    """Hold an advisory lock of a Postgres server, so that two migrations run one after the other."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(hashtext('contender migrate'))"))
        yield


def _place(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


def _find_revision(url: str, engine: Engine) -> str | None:
    """Return the revision of the book at a URL, or None if there is none; SQLite would create a missing file."""
    database = sqlite_path(url)
    return None if database is not None and not database.exists() else _revision(engine)


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("select version_num from alembic_version"))
        return found


def _revisions() -> set[str]:
    """Return the revisions of this release, by which the files of its migrations are named."""
    return {file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*_*.py")}


def open_engine(url: str) -> Engine:
    """Return the engine of a book's database. Raises BookError if the URL is not one of SQLAlchemy."""
    try:
        engine = create_engine(url, pool_pre_ping=True)  # the server may have been restarted since
    except ModuleNotFoundError as error:
        raise BookError(
            f"CONTENDER_RECORDS needs the Python package {error.name}, which is not installed: install it, or use "
            "postgresql+psycopg://user@host/base"
        ) from None
    except (ArgumentError, ValueError):  # ValueError: the port is not a number
        # The URL is not shown, because it may contain a password.
        raise BookError(
            "CONTENDER_RECORDS is not a SQLAlchemy URL. Example: postgresql+psycopg://user@host/base"
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _let_writers_wait)
    return engine


def _let_writers_wait(connection: Any, _: object) -> None:
    # Tasks write concurrently: readers must not block writers, and writers wait for each other.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=30000")
