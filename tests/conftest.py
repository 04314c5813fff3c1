"""What every test stands on: the real catalog, and an installation of its own for each test that wants one."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from contender.lake import Lake, open_lake
from contender.records import Book, migrate, open_book
from contender.registry import Registry, open_registry
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, load_catalog

# Before Airflow or scikit-learn is imported: a home of the tests' own, and one thread a fit.
os.environ["AIRFLOW_HOME"] = str(PROJECT / "build" / "airflow")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(PROJECT / "plugins")
os.environ["CONTENDER_NIGHTLY_FROM"] = "2013-09-01"
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog(PROJECT / "include" / "catalog")


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """The settings of an installation below a folder of this test alone."""
    return Settings(home=tmp_path / "home")


@pytest.fixture
def lake(here: Settings) -> Lake:
    return open_lake(here)


@pytest.fixture
def book(here: Settings) -> Book:
    migrate(here.records)
    return open_book(here.records)


@pytest.fixture
def registry(here: Settings) -> Registry:
    return open_registry(here)


@pytest.fixture
def labor_day() -> date:
    return date(2013, 9, 2)
