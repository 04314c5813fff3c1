"""Run history, a good night and a night with a bad delivery once, in one Airflow for all end-to-end tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import httpx
import pytest

from contender import embedded_airflow
from contender.embedded_airflow import mailbox
from contender.installation import Installation
from contender.orchestrator import Airflow
from contender.records import migrate
from contender.settings import PROJECT, Settings
from contender.specs import Catalog, nightly_dag_ids
from demo import nights
from demo.comparison import compare_rows
from demo.nights import Expectations, Night, World
from demo.running import environment
from tests.parsing import PARSE_RARELY

ON_SPARK = {"CONTENDER_SPARK_ROWS": "100000"}  # of the history; a night has fewer rows
GOOD, BROKEN = date(2013, 9, 1), date(2013, 9, 2)


@dataclass(frozen=True)
class DemoRun:
    """The results of the nights, and the Airflow that ran them, still running."""

    world: World
    nights: tuple[Night, ...]
    expectations: Expectations
    mails: Path
    stack: embedded_airflow.Stack
    airflow: Airflow


@pytest.fixture(scope="package")  # its Airflow stops when the tests of this folder have run
def demo_run(
    tmp_path_factory: pytest.TempPathFactory, catalog: Catalog, prepare_airflow: Callable[[Path], None]
) -> Iterator[DemoRun]:
    here = Settings(home=tmp_path_factory.mktemp("e2e") / "home")
    migrate(here.records)
    prepare_airflow(here.home / "airflow")
    port = embedded_airflow.free_port()
    mails = here.home / "mail"
    with (
        mailbox.running(mails) as box,
        embedded_airflow.running(
            here.home,
            PROJECT,
            environment(here, port) | PARSE_RARELY | ON_SPARK,
            print,
            port=port,
            smtp_port=box.port,
        ) as running,
    ):
        airflow = Airflow(running.url, running.password)
        world = World(Installation(here, catalog), airflow, partial(mailbox.read, mails), print)
        expectations = Expectations()
        for dag in airflow_dags(airflow, catalog):
            airflow.unpause(dag)
        nights.load_history(world, expectations)
        finished = tuple(
            nights.run_night(world, day, expectations, broken=day == BROKEN) for day in (GOOD, BROKEN)
        )
        compare_rows(world, BROKEN, expectations)
        yield DemoRun(world, finished, expectations, mails, running, airflow)


@pytest.fixture
def stranger(demo_run: DemoRun) -> Iterator[httpx.Client]:
    """A client that is not logged in."""
    with httpx.Client(base_url=demo_run.stack.url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def person(demo_run: DemoRun) -> Iterator[httpx.Client]:
    """A client that is logged in."""
    with httpx.Client(base_url=demo_run.stack.url, trust_env=False, timeout=30) as client:
        login = {"username": embedded_airflow.USER, "password": demo_run.stack.password}
        token = client.post("/auth/token", json=login).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def airflow_dags(airflow: Airflow, catalog: Catalog) -> set[str]:
    expected = nightly_dag_ids(catalog)
    airflow.wait_for_dags(expected)
    return expected
