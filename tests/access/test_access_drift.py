"""The daily access check in a real Airflow fails while roles differ, and mails each difference once."""

from __future__ import annotations

import time

import pytest

from contender.embedded_airflow import mailbox
from contender.orchestrator import Airflow, AirflowRole, Roles
from contender.settings import settings
from tests.access.fab import ADMIN, CHECKER, PASSWORD
from tests.command import run_command

DAG = "operations__access"
LEFT_OVER = AirflowRole(name="contender.left_over", permissions=frozenset())


@pytest.fixture(scope="module")
def mornings(fab):
    """The state of each morning's check, its mails' subjects and its log: two with a role too many, two without it."""
    lived = []

    def live(run_id: str) -> None:
        ended = airflow.wait(DAG, run_id, must_succeed=False)
        mails = told(fab)[sum(len(mails) for _, mails, _ in lived) :]
        lived.append((ended.state, mails, airflow.task_log(DAG, run_id, "check_access")))

    with fab.airflow() as airflow:
        Roles(airflow).create(LEFT_OVER)
        airflow.unpause(DAG)  # which starts this morning's run
        live(first_run(airflow))
        live(airflow.trigger(DAG).run_id)
        Roles(airflow).delete(LEFT_OVER.name)
        live(airflow.trigger(DAG).run_id)
        live(airflow.trigger(DAG).run_id)
    return lived


def first_run(airflow: Airflow) -> str:
    deadline = time.monotonic() + 60
    while not (runs := airflow.runs(DAG)):
        assert time.monotonic() < deadline, "the scheduler made no run"
        time.sleep(0.5)
    return runs[0].run_id


def told(fab) -> list[str]:
    return [mail.subject for mail in mailbox.read(fab.mails) if "access.yaml" in mail.subject]


def test_a_difference_fails_the_daily_check_and_is_logged(mornings):
    for state, _, log in mornings[:2]:
        assert state == "failed"
        assert "the role contender.left_over is no longer in the file" in log


def test_its_owner_gets_one_mail_about_it(mornings):
    (_, first, _), (_, second, _) = mornings[:2]
    assert (first, second) == (["[contender] Airflow's roles differ from access.yaml in 1 way"], [])


def test_the_end_of_a_difference_is_mailed_once(mornings):
    assert [(state, mails) for state, mails, _ in mornings[2:]] == [
        ("success", ["[contender] Airflow's roles match access.yaml again"]),
        ("success", []),
    ]


def test_the_check_needs_no_more_than_its_own_role(fab, mornings):
    client = fab.as_user(CHECKER)
    assert client.get("/api/v2/dags/ingest__weather").status_code == 403
    assert client.get("/api/v2/connections").status_code == 403


@pytest.fixture
def as_admin(fab, monkeypatch):
    """The command talks to this Airflow, as its administrator."""
    monkeypatch.setenv("CONTENDER_HOME", str(fab.here.home))
    monkeypatch.setenv("CONTENDER_UI_URL", fab.url)
    monkeypatch.setenv("CONTENDER_UI_USER", ADMIN)
    monkeypatch.setenv("CONTENDER_UI_PASSWORD", PASSWORD)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("mornings", "as_admin")
def test_the_command_ends_with_1_while_there_is_a_difference(fab):
    with fab.airflow() as airflow:
        Roles(airflow).create(LEFT_OVER)
        found = run_command("access", "check")
        Roles(airflow).delete(LEFT_OVER.name)
    assert found.code == 1
    assert "contender.left_over" in found.err
    assert run_command("access", "check").code == 0
