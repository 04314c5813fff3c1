"""Every command has help with an example, which needs no stage and no store."""

import json
import subprocess
import sys
from importlib import import_module

import pytest
from typer.testing import CliRunner

from contender.backtesting import POLICIES
from contender.cli import app
from contender.cli.exit_codes import CODES, WRONG_USE, find_exit_code
from contender.specs import DaysError
from tests.command import list_commands

SLOW_TO_IMPORT = {
    "boto3",
    "duckdb",
    "evidently",
    "great_expectations",
    "httpx",
    "jinja2",
    "mlflow",
    "numpy",
    "pandas",
    "pyarrow",
    "pyiceberg",
    "pyspark",
    "scipy",
    "sklearn",
    "sqlalchemy",
}

PRINT_IMPORTED = """
import json, sys
from typer.testing import CliRunner
from contender.cli import app
for words in json.loads(sys.argv[1]):
    assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0
print(json.dumps([name for name in sys.modules if "." not in name or name.startswith("contender.")]))
"""


@pytest.mark.parametrize("words", list_commands(), ids=" ".join)
def test_help_explains_with_an_example(words):
    outcome = CliRunner().invoke(app, [*words, "--help"])
    assert outcome.exit_code == 0
    text = " ".join(outcome.output.split())
    assert "Example" in text
    assert words[0] in text.partition("Example")[2]


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The modules that a process has imported once it has printed the help of every command."""
    commands = json.dumps([(), *list_commands()])
    run = [sys.executable, "-c", PRINT_IMPORTED, commands]
    return set(json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout))


def test_help_imports_no_slow_library(imported):
    assert sorted(imported.intersection(SLOW_TO_IMPORT)) == []


def test_help_imports_no_stage_and_no_store(imported):
    packages = {name.split(".")[1] for name in imported if name.startswith("contender.")}
    assert packages <= {"cli", "installation", "redaction"}


def test_the_help_of_backtest_names_every_policy():
    text = CliRunner().invoke(app, ["backtest", "--help"], terminal_width=200).output
    assert [name for name in POLICIES if name not in text] == []


@pytest.mark.parametrize("name", CODES)
def test_an_error_with_an_exit_code_is_exported_by_its_package(name):
    package, _, kind = name.rpartition(".")
    error = getattr(import_module(package), kind)
    assert find_exit_code(error.__new__(error)) == CODES[name]


def test_an_error_has_the_code_of_its_parent_class():
    class NoSuchDayError(DaysError):
        pass

    assert find_exit_code(NoSuchDayError()) == WRONG_USE


def test_a_bug_has_no_exit_code():
    assert find_exit_code(ZeroDivisionError()) is None
