"""An Airflow with roles, once for all tests of who may do and see what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contender.lake import open_lake
from contender.records import migrate
from contender.settings import Settings
from contender.specs import Catalog, load_access
from tests.access.fab import CHECKER, OF_THE_CHECK, PLANTED, USERS, Fab, apply, copy_dags, running_fab


@pytest.fixture(scope="package")  # its Airflow stops when the tests of this folder have run
def fab(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Iterator[Fab]:
    """An Airflow with the FAB auth manager, whose roles are those of access.yaml."""
    here = Settings(home=tmp_path_factory.mktemp("access") / "contender")
    migrate(here.records)
    open_lake(here)
    home = tmp_path_factory.mktemp("fab")
    with running_fab(home, here, copy_dags(home / "dags"), PLANTED | OF_THE_CHECK) as running:
        apply(running, load_access(catalog), catalog)
        running.add_user(CHECKER, "contender.access_check")
        yield running


@pytest.fixture(scope="package")
def fab_users(fab: Fab) -> None:
    """Add a user of each role, and one without a role."""
    for user, role in USERS.items():
        fab.add_user(user, role or "Public")
