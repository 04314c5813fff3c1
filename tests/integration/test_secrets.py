"""Secrets that are planted where an installation has them arrive nowhere that people look."""

from __future__ import annotations

import subprocess
import sys

import pytest


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
