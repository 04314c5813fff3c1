"""The commands of docs/TUTORIAL.md with the output that the page shows, and their execution in one shell."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SHOWN_FOLDER = "~/contender"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = re.compile(r"^@end (\d+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """A command of the page and the output shown below it."""

    line: str
    shown: tuple[str, ...]


@dataclass(frozen=True)
class Ran:
    """A command with its output (stdout and stderr) and exit code."""

    command: Command
    output: str
    code: int


def read_commands(page: str) -> list[Command]:
    """Return the commands of all `console` blocks of a page, in order. A line with a command starts with `$ `."""
    found = []
    for block in _BLOCK.findall(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *shown = part.rstrip("\n").split("\n")
            found.append(Command(line, tuple(shown)))
    return found


def run_commands(commands: list[Command], folder: Path, environment: Mapping[str, str]) -> list[Ran]:
    """Run the commands in one shell, which keeps the variables that they set."""
    script = "".join(f"{command.line}\nprintf '\\n@end %d\\n' $?\n" for command in commands)
    shell = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    outputs, codes = _END.split(shell.stdout)[::2], _END.findall(shell.stdout)
    return [Ran(*found) for found in zip(commands, outputs, map(int, codes), strict=False)]


def find_wrong_lines(ran: Ran, folder: Path) -> list[str]:
    """Return the shown lines that the output does not contain in this order, apart from numbers, ids and spaces."""
    lines = iter(_normalize(line.replace(str(folder), SHOWN_FOLDER)) for line in ran.output.split("\n"))
    wanted = [line for line in ran.command.shown if line.strip() not in ("", "...")]
    return [line for line in wanted if _normalize(line) not in lines]


def _normalize(line: str) -> str:
    line = re.sub(r"password \S+", "password ...", line)
    line = re.sub(r"\b[0-9a-f]{8,}\b", "#", line)
    line = re.sub(r"[─\s]+", " ", line)
    return re.sub(r"-?\d+", "#", line).strip()
