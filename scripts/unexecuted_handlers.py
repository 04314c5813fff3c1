"""List the `except` branches of the engine that no test executed, from a JSON report of coverage.

coverage json -o build/coverage.json && python -m scripts.unexecuted_handlers build/coverage.json
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from contender.settings import PROJECT

ENGINE = "include/contender/"


def find_unexecuted(source: str, executed: Collection[int]) -> list[int]:
    """Return the lines of the handlers in a module of whose body no line was executed."""
    return [
        handler.lineno
        for handler in ast.walk(ast.parse(source))
        if isinstance(handler, ast.ExceptHandler)
        and not any(line in executed for part in handler.body for line in _lines(part))
    ]


def _lines(statement: ast.stmt) -> range:
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def list_unexecuted(report: Path) -> Iterator[str]:
    """Yield the place of each handler of the engine that a report's tests did not execute."""
    for name, measured in sorted(json.loads(report.read_text())["files"].items()):
        if name.startswith(ENGINE):
            source = (PROJECT / name).read_text()
            yield from (f"{name}:{line}" for line in find_unexecuted(source, set(measured["executed_lines"])))


if __name__ == "__main__":
    print(*list_unexecuted(Path(sys.argv[1])), sep="\n")
