"""Every command in README and documentation is accepted by the command line, the Makefile or Python."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from contender.settings import PROJECT
from tests.command import find_mistake

# The runbook has a test of its own, and the tutorial is run. Of the changelog, old commands are history.
APART = {"RUNBOOK.md", "TUTORIAL.md"}
PAGES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    *(page for page in sorted((PROJECT / "docs").rglob("*.md")) if page.name not in APART),
]


def read_lines(page: Path) -> list[str]:
    """Return the lines of code blocks, and the code in the text, that are commands."""
    text = page.read_text()
    blocks = re.findall(r"^(?: {4,}|\$ )(\S.*)$", text, re.MULTILINE)
    fenced = re.findall(r"^```(?:bash|console|sh)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))
    found = [*blocks, *(line for block in fenced for line in block.splitlines()), *inline]
    return list(
        dict.fromkeys(re.sub(r"^(?:\$ )?(?:[A-Z_]+=\S* )*(?:\.venv/bin/)?", "", line) for line in found)
    )


def commands(program: str) -> list[tuple[str, str]]:
    """Return each line that calls a program, without comments, with the name of its page."""
    return [
        (page.name, re.split(r"\s+#|\s{3,}| > ", line)[0])
        for page in PAGES
        for line in read_lines(page)
        if line.startswith(f"{program} ")
        and not any(mark in line for mark in ("…", "...", "‹", "|", "[", "$(", " COMMAND "))
    ]


@pytest.mark.parametrize(("page", "line"), commands("contender"))
def test_a_command_is_accepted_by_the_command_line(page, line):
    in_text = any(f"`{line}`" in path.read_text() for path in PAGES if path.name == page)
    assert find_mistake(line, in_text=in_text) is None


@pytest.mark.parametrize(("page", "line"), commands("make"))
def test_a_target_is_in_the_makefile(page, line):
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = [word for word in line.split()[1:] if "=" not in word]
    assert set(named) <= targets


@pytest.mark.parametrize(("page", "line"), commands("python -m"))
def test_a_module_exists(page, line):
    assert find_spec(line.split()[2])


def test_a_wrong_command_is_rejected():
    assert find_mistake("contender rollback flight_delay")  # no --reason
    assert find_mistake("contender backfill departures 2013-08-10 --plans")
    assert find_mistake("contender rol flight_delay")
    assert find_mistake("contender quarantine lst")


def test_the_pages_have_many_commands():
    assert len(commands("contender")) > 50
    assert len(commands("make")) > 30
