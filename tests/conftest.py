"""Fixtures for all tests: the real catalog, and a separate installation for each test that needs one.

Fixtures import what only they use: the process that hands out tests to workers loads this file, too.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from contender.installation import Installation
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, load_catalog
from contender.urls import sqlite_path, sqlite_url
from tests.groups import find_group, find_place, find_unlisted
from tests.local_servers import aws_variables, running_s3
from tests.spark_archive import java_options

if TYPE_CHECKING:
    import sqlalchemy

    from contender.lake import Lake
    from contender.records import Book
    from contender.registry import Registry

# Before Airflow or scikit-learn is imported: a home for each worker's tests, and one thread per fit.
os.environ["AIRFLOW_HOME"] = str(PROJECT / "build" / "airflow" / os.environ.get("PYTEST_XDIST_WORKER", ""))
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(PROJECT / "plugins")
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(PROJECT / "dags")
os.environ["CONTENDER_NIGHTLY_FROM"] = "2013-09-01"
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("JDK_JAVA_OPTIONS", java_options())

# A busy machine is no failure.
hypothesis.settings.register_profile(
    "tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tests")

# These tests need the containers that `make test-compose` starts.
collect_ignore = [] if "COMPOSE_ENV_FILES" in os.environ else ["compose"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest groups of tests first. See tests/groups.py."""
    items.sort(key=lambda item: find_place(item.nodeid))
    for item in items:
        if name := find_unlisted(item.nodeid, getattr(item, "fixturenames", ())):
            raise pytest.UsageError(
                f"{item.nodeid} uses the fixture {name!r}: add its file to SHARED in tests/groups.py"
            )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each worker whole groups of tests."""
    # With pytest 9.2, xdist's own groups have no effect (pytest-dev/pytest-xdist#1386).
    from xdist.scheduler import LoadScopeScheduling

    class GroupScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return find_group(nodeid)

    return GroupScheduling(config, log)


def copy_database(file: Path, into: sqlite3.Connection) -> None:
    """Copy a SQLite database, with what is still in its write-ahead log."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.backup(into)


@pytest.fixture(scope="session", autouse=True)
def _copied_registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let MLflow make the tables of the first SQLite registry, and copy them into every other new one.

    MLflow makes them by all of its migrations, which take one to two seconds. Processes that a test starts still do.
    """
    import mlflow.store.db.utils
    import sqlalchemy

    made = tmp_path_factory.mktemp("registry") / "registry.db"
    migrate_registry = mlflow.store.db.utils._initialize_tables

    def copy_tables(engine: sqlalchemy.Engine) -> None:
        if engine.dialect.name != "sqlite":
            migrate_registry(engine)
            return
        if not made.exists():
            migrate_registry(sqlalchemy.create_engine(sqlite_url(made)))
        with engine.connect() as connection:
            opened = connection.connection.driver_connection
            assert isinstance(opened, sqlite3.Connection)
            copy_database(made, opened)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlflow.store.db.utils._initialize_tables", copy_tables)
        yield


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog(PROJECT / "include" / "catalog")


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """The settings of an installation in the temporary folder of the test."""
    return Settings(home=tmp_path / "home")


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A real S3 server over HTTP."""
    with running_s3() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def on_s3(tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of an installation whose landing zone, lake, batches and reports are in a new bucket."""
    import boto3

    for name, value in aws_variables(s3_endpoint, "eu-central-1").items():
        monkeypatch.setenv(name, value)
    bucket = f"contender-{uuid.uuid4().hex[:12]}"
    boto3.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    at = f"s3://{bucket}"
    return Settings(
        home=tmp_path / "home",
        landing=f"{at}/landing",
        lake=f"{at}/lake",
        batches=at,
        reports=f"{at}/reports",
    )


@pytest.fixture(scope="session")
def migrated_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a book of record with all migrations and no rows."""
    from contender.records import migrate

    file = tmp_path_factory.mktemp("book") / "records.db"
    migrate(sqlite_url(file))
    return file


@pytest.fixture
def installation(here: Settings, catalog: Catalog, migrated_book: Path) -> Installation:
    """The installation with a migrated book of record and the project's catalog."""
    book = sqlite_path(here.records)
    assert book is not None
    book.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(book)) as copy:
        copy_database(migrated_book, copy)
    return Installation(here, catalog)


@pytest.fixture
def lake(installation: Installation) -> Lake:
    return installation.lake


@pytest.fixture
def book(installation: Installation) -> Book:
    return installation.book


@pytest.fixture
def registry(installation: Installation) -> Registry:
    return installation.registry


@pytest.fixture(scope="session")
def prepare_airflow(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Give an Airflow home a migrated database with pools: a copy, because Airflow takes ten seconds to make one."""
    from contender.embedded_airflow import free_port, make_environment
    from contender.embedded_airflow.stack import prepare_database

    home = tmp_path_factory.mktemp("prepared")
    prepare_database(home, make_environment(home, PROJECT, port=free_port()), print)

    def copy(airflow: Path) -> None:
        airflow.mkdir(parents=True, exist_ok=True)
        for earlier in airflow.glob("airflow.db*"):
            earlier.unlink()
        for name in ("airflow.db", "migrated"):
            shutil.copy(home / "airflow" / name, airflow / name)

    return copy


@pytest.fixture
def labor_day() -> date:
    return date(2013, 9, 2)
