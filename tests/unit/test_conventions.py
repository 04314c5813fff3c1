"""The house's rules that no linter knows."""

import ast
import re
from pathlib import Path

import pytest

from contender.settings import PROJECT

OURS = ("dags", "plugins", "include", "spark_jobs", "demo", "scripts")
MODULES = sorted(path for folder in OURS for path in (PROJECT / folder).rglob("*.py"))
OTHERS = sorted(path for folder in ("benchmarks", "tests") for path in (PROJECT / folder).rglob("*.py"))
ROOM_BANNED = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "core"}


def told(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("path", MODULES, ids=told)
def test_every_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", MODULES, ids=told)
def test_no_module_is_a_drawer_for_everything(path):
    assert not ROOM_BANNED & {path.stem, path.parent.name}


@pytest.mark.parametrize("path", sorted((PROJECT / "include" / "contender").rglob("*.py")), ids=told)
def test_no_module_of_the_engine_outgrows_a_sitting(path):
    assert len(path.read_text().splitlines()) <= 300


def test_every_line_is_laid_out_by_the_formatter():
    assert [told(path) for path in (*MODULES, *OTHERS) if re.search(r"#\s*fmt:", path.read_text())] == []


def test_the_engine_knows_no_dataset_and_no_model_by_name(catalog):
    names = "|".join([*catalog.datasets, *catalog.models])
    named = re.compile(rf"[\"']({names})[\"']")
    found = [
        told(path)
        for folder in ("include/contender", "dags", "plugins", "spark_jobs")
        for path in (PROJECT / folder).rglob("*.py")
        if named.search(path.read_text())
    ]
    assert found == []


def test_everything_has_an_owner_who_can_be_written_to(catalog):
    for spec in (*catalog.datasets.values(), *catalog.models.values()):
        assert "@" in spec.owner


def test_pyspark_is_installed_without_the_client_that_overwrites_it():
    pinned = (PROJECT / "requirements.txt").read_text()
    assert re.search(r"^pyspark==", pinned, re.MULTILINE)
    assert not re.search(
        r"^pyspark-client==[^;]*\\\n", pinned.replace("sys_platform == 'never'", ""), re.MULTILINE
    )


def test_requirements_name_no_registry():
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt"):
        assert "://" not in "".join(
            line for line in (PROJECT / name).read_text().splitlines() if not line.startswith("#")
        )
