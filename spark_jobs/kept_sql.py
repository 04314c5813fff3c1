"""The SQL of a build on DuckDB, kept for later nights: planning it takes longer than running it.

It is kept under a fingerprint of everything that it follows from: the model's functions, the columns and types of their
inputs, the packages that translate them, and this job. Functions whose SQL may follow from anything else, such as rows
or the time, are planned each night.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

PACKAGES = ("duckdb", "sqlframe", "sqlglot")
# What a model's functions may import and still give the same SQL each night.
PLAIN_MODULES = frozenset(
    {"__future__", "collections", "dataclasses", "datetime", "enum", "functools", "itertools"}
)
PLAIN_MODULES |= {"math", "operator", "re", "string", "typing", "pyspark"}
# Methods that read rows while the SQL is planned, or the clock; and builtins that read files or run text.
READING = frozenset(
    {"collect", "count", "first", "head", "isEmpty", "show", "tail", "take", "toArrow", "toPandas"}
)
READING |= {"toLocalIterator", "approxQuantile", "corr", "cov", "foreach", "foreachPartition", "rdd", "write"}
READING |= {"now", "today", "utcnow", "fromtimestamp"}
OPENING = frozenset({"open", "eval", "exec", "compile", "__import__", "globals", "getattr"})


class Statement(NamedTuple):
    """One query: it fills the table that it creates, or gives the rows of an output."""

    sql: str
    output: str | None = None


def fingerprint(plan: Mapping[str, Any], job: Path, inputs: Sequence[Any]) -> str:
    """Return the fingerprint of a plan's SQL; `inputs` describes the columns of the input tables."""
    followed = {
        "files": [file.read_text() for file in (*sorted(job.parent.glob("*.py")), Path(plan["functions"]))],
        "packages": [sys.version, *(version(name) for name in PACKAGES)],
        "inputs": inputs,
        "tables": {name: [bool(table["files"]), table["columns"]] for name, table in plan["tables"].items()},
        "outputs": {name: output["columns"] for name, output in plan["outputs"].items()},
    }
    return sha256(json.dumps(followed, sort_keys=True).encode()).hexdigest()


def follows_from_text(source: str) -> bool:
    """Return whether the SQL of a model's functions follows from their text and the columns of their inputs."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names) if any(_top(name.name) not in PLAIN_MODULES for name in names):
                return False
            case ast.ImportFrom(module=module) if _top(module or "") not in PLAIN_MODULES:
                return False
            case ast.Name(id=name) if name in OPENING:
                return False
            case ast.Attribute(attr=name, value=value) if name in READING and not _is_function(value):
                return False
    return True


def dump(statements: Sequence[Statement], outputs: Mapping[str, Any]) -> bytes:
    """Return statements as JSON, with the names of outputs in place of their folders."""
    names = {output["path"]: name for name, output in outputs.items()}
    return json.dumps([[one.sql, one.output and names[one.output]] for one in statements]).encode()


def load(text: str, outputs: Mapping[str, Any]) -> list[Statement]:
    """Return the statements, with the folders of a plan's outputs."""
    return [Statement(sql, name and outputs[name]["path"]) for sql, name in json.loads(text)]


def _top(module: str) -> str:
    return module.partition(".")[0]


def _is_function(value: ast.expr) -> bool:
    """Return whether an attribute is one of `F`, whose functions make columns: `F.first` reads no rows."""
    return isinstance(value, ast.Name) and value.id in ("F", "functions")
