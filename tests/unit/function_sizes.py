"""Measure functions: lines, including signature and docstring, and parameters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

MOST_LINES, MOST_PARAMETERS = 40, 5


@dataclass(frozen=True)
class Size:
    """The size of a function."""

    lines: int
    parameters: int

    @property
    def too_large(self) -> bool:
        """Whether the function has more lines or parameters than the project allows."""
        return self.lines > MOST_LINES or self.parameters > MOST_PARAMETERS


def measure_functions(source: str) -> dict[str, Size]:
    """Return the size of every function of a module, including nested ones and methods, by qualified name.

    Options of a Typer command are not counted. If two functions have the same name, the larger figures count.
    """
    module = ast.parse(source)
    aliases = {ast.unparse(node.targets[0]) for node in module.body if _is_alias_of_option(node)}
    sizes: dict[str, Size] = {}
    for name, function in _walk(module, ""):
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        counted = [a for a in named if a.arg not in {"self", "cls"} and not _is_option(a, aliases)]
        extra = (arguments.vararg is not None) + (arguments.kwarg is not None)
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        before = sizes.get(name, Size(0, 0))
        sizes[name] = Size(max(lines, before.lines), max(len(counted) + extra, before.parameters))
    return sizes


def compare_with_table(found: dict[str, Size], table: dict[str, Size]) -> list[str]:
    """Return a line for each function that is too large but not in the table, and for each outdated table entry."""
    large = {name: size for name, size in found.items() if size.too_large}
    faults = [
        f"{name}: {size.lines} lines and {size.parameters} parameters: keep to {MOST_LINES} and {MOST_PARAMETERS}"
        for name, size in large.items()
        if name not in table
    ]
    faults += [
        f"{name}: no longer too large: remove it from the table" for name in table if name not in large
    ]
    faults += [
        f"{name}: the table has {table[name]} and the function has {size}: figures may only be lowered"
        for name, size in large.items()
        if name in table and size != table[name]
    ]
    return faults


def _walk(node: ast.AST, above: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{above}{child.name}", child
            yield from _walk(child, f"{above}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _walk(child, f"{above}{child.name}.")
        else:
            yield from _walk(child, above)


def _is_option(argument: ast.arg, aliases: set[str]) -> bool:
    annotation = ast.unparse(argument.annotation) if argument.annotation else ""
    return "typer." in annotation or annotation in aliases


def _is_alias_of_option(node: ast.stmt) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Annotated[")
