"""The project's conventions apply to its own code and examples: a user's catalog only has to work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contender.settings import PROJECT
from contender.specs import load_catalog
from contender.training import find_unusable_recipes
from tests.unit.function_sizes import measure_functions
from tests.unit.own_code import list_examples, list_modules
from tests.unit.test_conventions import find_private_imports, hand_written_dag_ids, has_docstring
from tests.unit.test_wording import find_phrases, read_python

UGLY_DATASET = """from os.path import _get_sep
from contender.specs import *
import os, sys
SPEC=DatasetSpec(name="till",description="PHRASE ingest__till",owner="a@shop.example",
  delivery=Delivery(path='till/{day}.csv',cron='0 6 * * *'),
  columns=(Column(name="day",type="date",description="d"),
  Column(name="shop",type="integer",description="s")), COMMENT
  primary_key=("day","shop"))
"""
# Put together, so that the conventions do not find them in this file.
UGLY_DATASET = UGLY_DATASET.replace("PHRASE", "who" + "ever starts").replace("COMMENT", "# " + "fmt: skip")
UGLY_MODEL = """from contender.specs import *
SPEC=ModelSpec(name="utils",description="a model",owner="a@shop.example",label='l',
  inputs=(Input(dataset="till"),),
  keys=(Column(name="shop",type="integer",description="s"),),
  features=(Column(name="weekday",type="integer",description="w"),),
  recipes=(Recipe(name="trees",window_days=30),),baseline_features=("weekday",))
"""
UGLY_ESTIMATOR = (
    "from sklearn.pipeline import *\nfrom sklearn.dummy import *\n"
    "def build_estimator(parameters,seed):\n"
    + "".join(f"  x{n}={n};" + "\n" for n in range(50))
    + "  return make_pipeline(DummyClassifier(strategy='prior'))\n"
    + "build_baseline=lambda seed: build_estimator({},seed)\n"
)
UGLY = {
    "datasets/till.py": UGLY_DATASET,
    "models/utils/spec.py": UGLY_MODEL,
    "models/utils/estimator.py": UGLY_ESTIMATOR,
    "models/utils/baseline.py": UGLY_ESTIMATOR,
    "models/utils/features.py": "build_features=build_labels=lambda tables,days: 1/0\n",
}


@pytest.fixture
def project(tmp_path) -> Path:
    """A copy of the project's code whose catalog has one example, and a user's files in another style."""
    kept = (
        "include/contender/urls.py",
        "dags/ingest.py",
        "include/catalog/datasets/weather.py",
        "pyproject.toml",
    )
    for name in (*kept, "include/catalog/ruff.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    for name, source in UGLY.items():
        path = tmp_path / "include" / "catalog" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return tmp_path


def test_the_files_break_the_conventions(project):
    dataset, estimator = (
        project / "include" / "catalog" / name for name in ("datasets/till.py", "models/utils/estimator.py")
    )
    assert not has_docstring(dataset)
    assert find_private_imports(dataset) == ["_get_sep"]
    assert hand_written_dag_ids(dataset.read_text())
    assert find_phrases("till.py", read_python(dataset))
    assert measure_functions(estimator.read_text())["build_estimator"].too_large


def test_conventions_apply_to_the_engine_and_the_examples_but_not_to_the_users_files(project):
    assert [path.relative_to(project).as_posix() for path in list_modules(project)] == [
        "dags/ingest.py",
        "include/catalog/datasets/weather.py",
        "include/contender/urls.py",
    ]


def test_conventions_apply_to_every_example_of_the_project():
    catalog = PROJECT / "include" / "catalog"
    kept = {path.relative_to(catalog).as_posix() for path in list_examples()}
    assert {"datasets/weather.py", "models/flight_delay/spec.py"} <= kept


@pytest.mark.parametrize("command", ["check --quiet", "format --check"])
def test_lint_accepts_the_users_files(project, command):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command.split(), "--no-cache", "include"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_lint_reports_an_undefined_name_in_the_users_files(project):
    file = project / "include" / "catalog" / "models" / "utils" / "features.py"
    file.write_text("build_features=lambda tables,days: tabels\n")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "include"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "F821" in done.stdout


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_the_examples_have_the_style_of_the_projects_own_code(command):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            *command,
            "--no-cache",
            "--config",
            "pyproject.toml",
            *list_examples(),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_users_files_pass_the_check_of_the_catalog(project):
    catalog = load_catalog(project / "include" / "catalog")
    assert {"till", "weather"} == set(catalog.datasets)
    assert find_unusable_recipes(catalog) == []
