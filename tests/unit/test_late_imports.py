"""What a task's process imports before it runs: each library costs every task that does not need it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from contender.settings import PROJECT

LIBRARIES = (
    *("alembic", "boto3", "duckdb", "evidently", "great_expectations", "httpx", "jinja2", "mlflow", "numpy"),
    *("pandas", "pyarrow", "pyiceberg", "pyspark", "scipy", "sklearn", "sqlalchemy", "sqlframe"),
)
COMMAND = (sys.executable, "-m", "contender.cli")
LISTED = f"import sys; print(*sorted(set(sys.modules) & {set(LIBRARIES)}))"
TABLES = {"numpy", "pandas", "pyarrow", "pyiceberg", "sqlalchemy"}
MODELS = {"scipy", "sklearn"}


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("contender.installation", set()),
        ("contender.records", {"sqlalchemy"}),
        ("contender.status", {"sqlalchemy"}),
        ("contender.alerting", {"sqlalchemy", "jinja2"}),
        ("contender.lake", TABLES),
        (
            "contender.registry",
            {"alembic", "mlflow", "numpy", "pandas", "pyarrow", "pyspark", "scipy", "sqlalchemy"},
        ),
        ("contender.admission", TABLES | {"boto3"}),
        ("contender.featurizing", TABLES | {"boto3"}),
        ("contender.monitoring", TABLES | MODELS),
        ("contender.batch_scoring", TABLES | MODELS),
        ("contender.retraining", TABLES | MODELS),
    ],
)
def test_a_package_imports_no_library_that_only_some_of_its_functions_need(package, allowed):
    assert imported_by(f"import {package}") <= allowed


def test_a_build_with_kept_sql_needs_neither_sqlframe_nor_pyspark():
    assert imported_by("import build_features") == set()


def test_the_status_opens_neither_lake_nor_registry(tmp_path):
    home = {"CONTENDER_HOME": str(tmp_path)}
    subprocess.run([*COMMAND, "migrate"], capture_output=True, check=True, env=os.environ | home)
    shown = f"""
import os
os.environ.update({home!r})
from typer.testing import CliRunner
from contender.cli import app
assert "flight_delay" in CliRunner().invoke(app, ["status"]).output"""
    assert imported_by(shown) == {"sqlalchemy"}


def imported_by(statement: str) -> set[str]:
    """Return the libraries that a new process has imported after a statement."""
    code = f"import sys; sys.path.insert(0, {str(PROJECT / 'spark_jobs')!r}); {statement}\n{LISTED}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_no_process_but_the_api_server_imports_the_pages():
    """Airflow loads plugins in the process of every task."""
    here = {
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    code = f"""
import os, sys
os.environ.update({here!r})
from airflow.sdk import plugins_manager
names = [plugin.name for plugin in plugins_manager._get_plugins()[0]]
assert not {{"contender_pages", "night_mapper"}} - set(names), names
assert "secrecy" in sys.modules
assert not {{"pages", "fastapi", "wiring"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
