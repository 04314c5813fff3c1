"""Find the lines of the catalog's files that declare the expectations of a table."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from contender.specs.catalog import Catalog
from contender.specs.descriptions import describe
from contender.specs.expectations import Expectation, NotNull, Unique


def locate_expectations(catalog: Catalog, table: str, identities: Iterable[str]) -> dict[str, str]:
    """Return where each expectation of a gate result is declared, as `datasets/weather.py:31` below the catalog.

    The line is missing if the model's contract implies the expectation, or if the file declares it no longer.
    """
    file = _file_of(catalog, table)
    if table not in catalog.tables or not file.is_file():
        return dict.fromkeys(identities, "")
    declared = {describe(e, 1): e for e in catalog.contract(table).all_expectations()}
    tree = ast.parse(file.read_text(encoding="utf-8"))
    where = str(file.relative_to(catalog.home))
    lines = {identity: _line_of(tree, declared.get(identity)) for identity in identities}
    return {identity: where if line is None else f"{where}:{line}" for identity, line in lines.items()}


def _file_of(catalog: Catalog, table: str) -> Path:
    namespace, _, name = table.partition(".")
    return (
        catalog.home / "datasets" / f"{name}.py"
        if namespace == "datasets"
        else catalog.model_home(name) / "spec.py"
    )


def _line_of(tree: ast.Module, expectation: Expectation | None) -> int | None:
    if expectation is None:  # a comparison with previous days
        return _line_of_field(tree, "usual")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _builds(node, expectation):
            return node.lineno
    return _line_of_field(tree, "primary_key", "keys") if isinstance(expectation, Unique) else None


def _builds(call: ast.Call, expectation: Expectation) -> bool:
    """Return whether the call declares the expectation, or the column whose values it requires."""
    assert isinstance(call.func, ast.Name)
    fields = dict(_literal_fields(call))
    if call.func.id == "Column" and isinstance(expectation, NotNull):
        return fields.get("name") == expectation.column and expectation == NotNull(column=expectation.column)
    return call.func.id == type(expectation).__name__ and all(
        getattr(expectation, name, None) == value for name, value in fields.items()
    )


def _literal_fields(call: ast.Call) -> Iterator[tuple[str, object]]:
    for word in call.keywords:
        try:
            value = ast.literal_eval(word.value)
        except ValueError:  # a constant or a computed value
            continue
        yield str(word.arg), tuple(value) if isinstance(value, list) else value


def _line_of_field(tree: ast.Module, *names: str) -> int | None:
    lines = [
        node.value.lineno for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in names
    ]
    return min(lines, default=None)
