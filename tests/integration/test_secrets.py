"""Secrets that are planted where an installation has them arrive nowhere that people look."""

from __future__ import annotations

import html
import subprocess
import sys

import pytest

from contender.records import open_book
from tests.integration.fab import AWS_KEY, FERNET, IN_CONNECTION, IN_URL, PASSWORD


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        ("status", {"CONTENDER_RECORDS": "postgresql+psycopg://ada:l0velace@127.0.0.1:1/x"}),
        ("status", {"CONTENDER_LAKE_CATALOG": "postgresql+psycopg://ada:l0velace@127.0.0.1:1/x"}),
        ("status", {"CONTENDER_SPARK_ROWS": "postgresql://ada:l0velace@db"}),
        ("access check", {"CONTENDER_UI_URL": "http://ada:l0velace@127.0.0.1:1"}),
    ],
)
def test_no_command_that_fails_tells_a_password(command, variables, tmp_path, monkeypatch):
    given = {"CONTENDER_HOME": str(tmp_path), "CONTENDER_UI_PASSWORD": "l0velace"} | variables
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run(
        [sys.executable, "-m", "contender.cli", *command.split()], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "l0velace" not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def leaked(fab):
    """What each task that let a secret slip left behind: its log, its XComs, and all mails."""
    told = {}
    with fab.airflow() as airflow:
        runs = {}
        for way in ("error", "log", "connection"):
            airflow.unpause(f"leaks__{way}")
            runs[way] = airflow.trigger(f"leaks__{way}").run_id
        for way, run in runs.items():
            assert airflow.wait(f"leaks__{way}", run, must_succeed=False).state == "failed"
            told[f"log of {way}"] = airflow.task_log(f"leaks__{way}", run, "slip")
            path = f"/dags/leaks__{way}/dagRuns/{run}/taskInstances/slip"
            told[f"xcoms of {way}"] = str(airflow.request("GET", f"{path}/xcomEntries"))
            told[f"task of {way}"] = str(airflow.request("GET", path))
    for number, alert in enumerate(open_book(fab.here.records).alerts.newest()):
        told[f"mail {number}"] = "\n".join((alert.subject, alert.text, alert.html, str(alert.last_error)))
    return told


@pytest.mark.parametrize("secret", [AWS_KEY, IN_URL, IN_CONNECTION, FERNET])
def test_no_log_no_xcom_and_no_mail_tells_a_secret(leaked, secret):
    assert (
        sorted(place for place, text in leaked.items() if secret in text or html.escape(secret) in text) == []
    )


def test_the_tasks_were_told_of_all_the_same(leaked):
    assert "could not read" in leaked["log of error"]
    assert "the source refuses ***" in leaked["log of connection"]
    mails = [text for place, text in leaked.items() if place.startswith("mail") and "leaks__" in text]
    assert len(mails) == 3
    assert all("***" in text for text in mails)


@pytest.mark.parametrize("secret", [AWS_KEY, IN_URL, IN_CONNECTION, FERNET, PASSWORD])
def test_no_file_that_airflow_logs_to_holds_a_secret(fab, leaked, secret):
    files = [path for path in fab.home.rglob("*.log") if path.name != "users.log"]
    assert files
    assert [path.name for path in files if secret in path.read_text(errors="replace")] == []
