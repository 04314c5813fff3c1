"""Output that suits its place: a wide or narrow terminal, a pipe, and any encoding."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from contender.specs.frozen import Frozen

_UNLIMITED = 100_000  # columns
_PROSE = 20  # columns that prose needs at least
_IN_ASCII = {"–": "-", "—": "-", "…": "...", "·": ".", "✗": "x", "×": "x", "→": "->", "≤": "<=", "≥": ">="}

NO_MODEL = "There is no model: draft one with `contender new model NAME --from DATASET`."


def make_table(*columns: str, prose: Collection[str] = (), title: str | None = None) -> Table:
    """Return an empty table whose cells stay on one line, except in the columns of prose."""
    table = Table(
        title=title,
        title_justify="left",
        caption_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name in columns:
        wrapped = name in prose
        table.add_column(name, no_wrap=not wrapped, overflow="fold", min_width=_PROSE if wrapped else None)
    return table


def echo_tables(*parts: RenderableType) -> None:
    """Print tables and texts. Identifiers are never cut, and in a pipe or a file each row is one line.

    In a terminal, prose is wrapped; if a table is still too wide, its rows are printed as blocks of one cell per line.
    """
    for part in parts:
        console = Console(markup=False, emoji=False, highlight=False)
        if not isinstance(part, Table):
            console.print(part, soft_wrap=True)
        elif not sys.stdout.isatty():
            console.width = _UNLIMITED
            console.print(part)
        elif _least_width(part, console) <= console.width:
            console.print(part)
        else:
            for line in _list_cells(part):
                console.print(line, soft_wrap=True)


def _least_width(table: Table, console: Console) -> int:
    return Measurement.get(console, console.options.update(width=_UNLIMITED), table).minimum


def _list_cells(table: Table) -> Iterator[RenderableType]:
    """Yield a table's title, each row as a block of lines, and its caption."""
    if table.title:
        yield table.title
    width = max(len(str(column.header)) for column in table.columns)
    for row in zip(*(column.cells for column in table.columns), strict=True):
        for column, cell in zip(table.columns, row, strict=True):
            yield Text.assemble(
                f"{column.header!s:<{width}}  ", cell if isinstance(cell, Text) else str(cell)
            )
        yield ""
    if table.caption:
        yield table.caption


def on_one_line(text: str) -> str:
    """Return a text without line breaks, for a cell of a table."""
    return " ".join(text.split())


def echo_json(records: Frozen | Iterable[Frozen]) -> None:
    """Print a record as indented JSON, or several records as an array with one record per line."""
    from contender.specs.frozen import Frozen

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
