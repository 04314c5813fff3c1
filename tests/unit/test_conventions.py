"""Conventions of the project that no linter checks."""

import ast
import importlib
import re
from pathlib import Path
from typing import get_args

import pytest

import contender
from contender.settings import PROJECT
from contender.specs import Verb
from tests.unit.own_code import EXAMPLE_DATASETS, EXAMPLE_MODELS, list_modules

MODULES = list_modules()
TEMPLATES = sorted(PROJECT.glob("plugins/templates/*")) + sorted(
    PROJECT.glob("include/contender/*/templates/*")
)
ROOM_BANNED = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "core"}


def told(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def has_docstring(path: Path) -> bool:
    return bool(ast.get_docstring(ast.parse(path.read_text())))


@pytest.mark.parametrize("path", MODULES, ids=told)
def test_every_module_has_a_docstring(path):
    assert has_docstring(path)


@pytest.mark.parametrize("path", MODULES, ids=told)
def test_no_module_is_called_common_or_utils(path):
    assert not ROOM_BANNED & {path.stem, path.parent.name}


@pytest.mark.parametrize("path", sorted((PROJECT / "include" / "contender").rglob("*.py")), ids=told)
def test_no_module_of_the_engine_is_too_long(path):
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("room", sorted(PROJECT.glob("include/contender/*/__init__.py")), ids=told)
def test_a_package_has_all_names_that_it_lists(room):
    package = importlib.import_module(f"contender.{room.parent.name}")
    assert [name for name in getattr(package, "__all__", ()) if not hasattr(package, name)] == []


EVERYWHERE = [*MODULES, *sorted((PROJECT / "benchmarks").rglob("*.py"))]


def find_private_imports(path: Path) -> list[str]:
    imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    names = [alias.name for node in imports for alias in node.names]
    modules = [part for node in imports for part in (node.module or "").split(".")]
    return [name for name in (*names, *modules) if name.startswith("_") and not name.endswith("__")]


@pytest.mark.parametrize("path", EVERYWHERE, ids=told)
def test_no_private_name_is_imported_from_another_module(path):
    assert find_private_imports(path) == []


def test_the_engine_knows_no_dataset_and_no_model_of_the_examples_by_name():
    names = "|".join([*EXAMPLE_DATASETS, *EXAMPLE_MODELS])
    named = re.compile(rf"[\"']({names})[\"']")
    found = [
        told(path)
        for folder in ("include/contender", "dags", "plugins", "spark_jobs")
        for path in (PROJECT / folder).rglob("*.py")
        if named.search(path.read_text())
    ]
    assert found == []


def hand_written_dag_ids(source: str) -> list[str]:
    """Strings that hold, put together or take apart a DAG's id; docstrings may name one as an example."""
    tree = ast.parse(source)
    verb = re.compile(rf"(?<![a-z])({'|'.join(get_args(Verb))})__")
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node)
    }
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if node not in docstrings and verb.search(text):
                found.append(text)
            case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str(text)), *_]):
                found += [text] if text == "__" else []
            case ast.Call(func=ast.Attribute(attr="partition" | "split"), args=[ast.Constant("__"), *_]):
                found.append("__")
    return found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('dag = f"retrain__{model}"', ["retrain__"]),
        ('dag = f"{verb}__{model}"', ["__"]),
        ('raise ValueError("start operations__upkeep first")', ["start operations__upkeep first"]),
        ('verb = dag.partition("__")[0]', ["__"]),
        ('"""The DAG `ingest__departures`."""', []),
        ('name = f"AIRFLOW__{section}__{key}"', []),
    ],
)
def test_a_hand_written_dag_id_is_found(source, found):
    assert hand_written_dag_ids(source) == found


@pytest.mark.parametrize("path", MODULES, ids=told)
def test_dag_ids_are_written_in_one_place(path):
    assert hand_written_dag_ids(path.read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=told)
def test_no_template_writes_a_dag_id(path):
    assert not re.search(rf"\b({'|'.join(get_args(Verb))})__", path.read_text())


def test_every_contract_has_an_owner_with_an_address(catalog):
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


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("pyproject.toml", r'^version = "(.+)"$'),
        ("docker-compose.yaml", r"image: contender[\w-]*:(\S+)$"),
        ("deploy/kubernetes/values.yaml", r"^defaultAirflowTag: (\S+)$"),
        ("deploy/kubernetes/spark-defaults.conf", r"/contender:(\S+)$"),
        ("CHANGELOG.md", r"\A(?s:.*?)^## \[([\d.]+)\]"),
    ],
)
def test_every_file_names_the_version_of_the_package(name, pattern):
    found = re.findall(pattern, (PROJECT / name).read_text(), re.MULTILINE)
    assert found
    assert set(found) == {contender.__version__}


OTHERS = sorted(path for folder in ("benchmarks", "tests") for path in (PROJECT / folder).rglob("*.py"))


def test_every_line_is_laid_out_by_the_formatter():
    assert [told(path) for path in (*MODULES, *OTHERS) if re.search(r"#\s*fmt:", path.read_text())] == []
