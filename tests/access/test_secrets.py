"""Secrets of an installation never appear in logs, mails, XComs or command output."""

from __future__ import annotations

import html
import subprocess
import sys

import pytest

from contender.records import open_book
from tests.access.fab import AWS_KEY, FERNET, IN_CONNECTION, IN_URL, PASSWORD


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        ("status", {"CONTENDER_RECORDS": "postgresql+psycopg://ada:l0velace@127.0.0.1:1/x"}),
        ("status", {"CONTENDER_LAKE_CATALOG": "postgresql+psycopg://ada:l0velace@127.0.0.1:1/x"}),
        ("status", {"CONTENDER_SPARK_ROWS": "postgresql://ada:l0velace@db"}),
        ("access check", {"CONTENDER_UI_URL": "http://ada:l0velace@127.0.0.1:1"}),
    ],
)
def test_failing_commands_print_no_password(command, variables, tmp_path, monkeypatch):
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
    """Logs, XComs and mails of tasks that leak a secret in different ways."""
    texts = {}
    with fab.airflow() as airflow:
        runs = {}
        for way in ("error", "log", "connection"):
            airflow.unpause(f"leaks__{way}")
            runs[way] = airflow.trigger(f"leaks__{way}").run_id
        for way, run in runs.items():
            assert airflow.wait(f"leaks__{way}", run, must_succeed=False).state == "failed"
            texts[f"log of {way}"] = airflow.task_log(f"leaks__{way}", run, "slip")
            path = f"/dags/leaks__{way}/dagRuns/{run}/taskInstances/slip"
            texts[f"xcoms of {way}"] = str(airflow.request("GET", f"{path}/xcomEntries"))
            texts[f"task of {way}"] = str(airflow.request("GET", path))
    for number, alert in enumerate(open_book(fab.here.records).alerts.newest()):
        texts[f"mail {number}"] = "\n".join((alert.subject, alert.text, alert.html, str(alert.last_error)))
    return texts


@pytest.mark.parametrize("secret", [AWS_KEY, IN_URL, IN_CONNECTION, FERNET])
def test_no_log_xcom_or_mail_contains_a_secret(leaked, secret):
    assert (
        sorted(place for place, text in leaked.items() if secret in text or html.escape(secret) in text) == []
    )


def test_failures_are_still_logged_and_mailed(leaked):
    assert "could not read" in leaked["log of error"]
    assert "the source refuses ***" in leaked["log of connection"]
    mails = [text for place, text in leaked.items() if place.startswith("mail") and "leaks__" in text]
    assert len(mails) == 3
    assert all("***" in text for text in mails)


@pytest.mark.parametrize("secret", [AWS_KEY, IN_URL, IN_CONNECTION, FERNET, PASSWORD])
def test_no_log_file_of_airflow_contains_a_secret(fab, leaked, secret):
    files = [path for path in fab.home.rglob("*.log") if path.name != "users.log"]
    assert files
    assert [path.name for path in files if secret in path.read_text(errors="replace")] == []
