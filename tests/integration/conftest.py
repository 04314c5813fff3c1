"""What is slow to make, once for all tests: a source's year in a landing zone, and a Postgres server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from contender.records import migrate
from contender.settings import Settings
from demo import source
from demo.source.groceries import SOURCE as GROCERIES
from tests.local_servers import postgres_url, running_postgres


@pytest.fixture(scope="session")
def grocer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, list[source.Dropped]]:
    """An installation with the groceries of 2017 in its landing zone, and what was dropped there."""
    here = Settings(home=tmp_path_factory.mktemp("grocer") / "home")
    source.drop_reference(here.landing, [GROCERIES])
    dropped = [
        file
        for dataset in GROCERIES.daily
        for file in source.drop(dataset, GROCERIES.days.each(), here.landing)
    ]
    return here, dropped


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Postgres server; one per module, since a forked process that ends stops the server it inherited."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield postgres_url(server)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without a table, on SQLite and on Postgres."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/records.db"
    else:
        url = request.getfixturevalue("postgres")
        engine = sqlalchemy.create_engine(url)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("drop schema public cascade; create schema public"))
        engine.dispose()
    return url


@pytest.fixture
def records(database: str) -> str:
    """The URL of an empty book of record."""
    migrate(database)
    return database
