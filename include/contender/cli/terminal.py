"""Output that suits its place: a wide or narrow terminal, a pipe, and any encoding."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Collection, Iterable

import typer
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table

from contender.specs.frozen import Frozen

_UNLIMITED = 100_000  # columns
_IN_ASCII = {"–": "-", "—": "-", "…": "...", "·": ".", "✗": "x", "×": "x", "→": "->", "≤": "<=", "≥": ">="}


def make_table(*columns: str, prose: Collection[str] = (), title: str | None = None) -> Table:
    """Return an empty table whose cells stay on one line, except in the columns of prose."""
    table = Table(title=title, title_justify="left", caption_justify="left")
    for name in columns:
        table.add_column(name, no_wrap=name not in prose, overflow="fold")
    return table


def echo_tables(*parts: RenderableType) -> None:
    """Print tables and texts. Identifiers are never cut, and in a pipe or a file each row is one line.

    In a terminal, prose is wrapped; if a table is still too wide, the terminal breaks its lines.
    """
    for part in parts:
        console = Console(markup=False, emoji=False, highlight=False)
        if isinstance(part, Table):
            unlimited = console.options.update(width=_UNLIMITED)
            needed = Measurement.get(console, unlimited, part).minimum
            console.width = max(console.width, needed) if sys.stdout.isatty() else _UNLIMITED
        console.print(part, soft_wrap=not isinstance(part, Table))


def on_one_line(text: str) -> str:
    """Return a text without line breaks, for a cell of a table."""
    return " ".join(text.split())


def echo_json(records: Frozen | Iterable[Frozen]) -> None:
    """Print a record as indented JSON, or several records as an array with one record per line."""
    ascii_only = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    if isinstance(records, Frozen):
        typer.echo(records.model_dump_json(indent=2, ensure_ascii=ascii_only))
    else:
        lines = (record.model_dump_json(ensure_ascii=ascii_only) for record in records)
        typer.echo("[" + ",\n".join(lines) + "]")


def accept_every_character() -> None:
    """Let stdout and stderr replace characters that their encoding lacks, instead of raising UnicodeEncodeError."""
    codecs.register_error("contender.ascii", _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="contender.ascii")


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_IN_ASCII.get(c) or ascii(c)[1:-1] for c in missing), error.end
