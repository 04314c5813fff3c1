"""Run the `contender` command in this process, as a shell would."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
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
