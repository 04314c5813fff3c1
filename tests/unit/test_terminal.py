"""Output of the command line: whole identifiers, one line per row in a pipe, and any encoding."""

from __future__ import annotations

import io
import json
import sys

import pytest

from contender.cli.terminal import accept_every_character, echo_json, echo_tables, make_table, on_one_line
from contender.specs.frozen import Frozen

BATCH, TABLE = "4f2a9c0d17e86b35", "predictions.household_return_of_baby_products"
REASON = "the source delivered yesterday's file again, and no one had noticed it"


class Note(Frozen):
    text: str


class Terminal(io.TextIOWrapper):
    """A terminal, which takes the place of stdout."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def stdout(monkeypatch):
    """Replace stdout, and return a function that reads it."""

    def replace(kind: type[io.TextIOWrapper] = io.TextIOWrapper, encoding: str = "utf-8", columns: int = 60):
        stream = kind(io.BytesIO(), encoding)
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setenv("COLUMNS", str(columns))
        accept_every_character()

        def read() -> str:
            stream.flush()
            return stream.buffer.getvalue().decode(encoding)

        return read

    return replace


def batches():
    table = make_table("batch", "table", "why", prose=["why"], title="Quarantine")
    table.add_row(BATCH, TABLE, REASON)
    return table


def test_in_a_pipe_a_row_is_one_line(stdout):
    read = stdout()
    echo_tables(batches())
    assert [line for line in read().splitlines() if BATCH in line and TABLE in line and REASON in line]


def test_in_a_terminal_identifiers_are_whole_and_prose_is_wrapped(stdout):
    read = stdout(Terminal, columns=100)
    echo_tables(batches())
    assert [line for line in read().splitlines() if BATCH in line and TABLE in line]
    assert REASON not in read()


def test_in_a_narrow_terminal_each_cell_has_a_line(stdout):
    read = stdout(Terminal, columns=60)
    echo_tables(batches())
    assert read().splitlines() == [
        "Quarantine",
        f"batch  {BATCH}",
        f"table  {TABLE}",
        f"why    {REASON}",
        "",
    ]


def test_text_is_not_wrapped(stdout):
    read = stdout(Terminal)
    echo_tables(f"Files: /{'lake/' * 20}")
    assert read() == f"Files: /{'lake/' * 20}\n"


def test_brackets_and_colons_in_a_cell_are_printed(stdout):
    read = stdout()
    table = make_table("why")
    table.add_row("[/red] is no :tag: of ours")
    echo_tables(table)
    assert "[/red] is no :tag: of ours" in read()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_table_is_printed_in_every_encoding(stdout, encoding):
    read = stdout(encoding=encoding)
    table = make_table("day", "why")
    table.add_row("–", "prices → 日本 \udcff")
    echo_tables(table)
    assert "prices -> \\u65e5\\u672c \\udcff" in read()


def test_a_character_with_an_equivalent_in_ascii_is_replaced_by_it(stdout):
    read = stdout(encoding="ascii")
    echo_tables("– · ✗ ≤ …")
    assert read() == "- . x <= ...\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_json_loses_nothing_in_any_encoding(stdout, encoding):
    read = stdout(encoding=encoding)
    note = Note(text="é – → 日本 😀")
    echo_json([note, note])
    assert json.loads(read()) == [note.model_dump()] * 2


def test_json_in_utf_8_is_readable(stdout):
    read = stdout()
    echo_json(Note(text="日本"))
    assert "日本" in read()


def test_a_cell_has_no_line_breaks():
    assert on_one_line("first\n  second") == "first second"
