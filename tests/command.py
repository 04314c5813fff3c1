"""Run the `contender` command in this process, as a shell would."""

from __future__ import annotations

import io
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

import typer

from contender.cli import app, main


@dataclass(frozen=True)
class Outcome:
    """The exit code and output of a command."""

    code: int
    out: str
    err: str


def run_command(*words: str, encoding: str = "utf-8") -> Outcome:
    """Run `contender` with these arguments, as the installed script does, with its output in a pipe."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding, newline="") for _ in range(2))
    code: str | int | None = 0
    with patch.object(sys, "argv", ["contender", *words]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int), code
    return Outcome(code, _read(out), _read(err))


def find_mistake(line: str, *, in_text: bool = False) -> str | None:
    """Return why the command line would not accept this call of `contender`, or None. Nothing is run.

    A command that is named in a text may lack arguments.
    """
    _, *words = shlex.split(line)
    command = _build_command()
    while hasattr(command, "commands"):
        if not words or words[0] not in command.commands:
            return f"there is no command {words[0]}" if words else f"{command.name} needs a command"
        command = command.commands[words.pop(0)]
    try:
        command.make_context(command.name, words)
    except Exception as error:  # of the click that typer contains
        missing = str(error).startswith("Missing") or "requires an argument" in str(error)
        return None if in_text and missing else str(error) or type(error).__name__
    return None


@cache
def _build_command() -> Any:
    """Return the command line, which takes longer to build than a line to parse."""
    return typer.main.get_command(app)


def _read(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def list_commands(group: typer.Typer = app, *above: str) -> list[tuple[str, ...]]:
    """Return the words of every command, including those of nested groups."""
    found = [
        (*above, command.name or command.callback.__name__)
        for command in group.registered_commands
        if command.callback
    ]
    for nested in group.registered_groups:
        assert nested.typer_instance is not None
        assert nested.name is not None
        found += list_commands(nested.typer_instance, *above, nested.name)
    return found
