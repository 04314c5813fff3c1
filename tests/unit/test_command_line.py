"""Every command has help with an example."""

import pytest
import typer
from typer.testing import CliRunner

from contender.cli import app


def commands(group: typer.Typer, *above: str) -> list[tuple[str, ...]]:
    found = [
        (*above, command.name or command.callback.__name__)
        for command in group.registered_commands
        if command.callback
    ]
    for nested in group.registered_groups:
        found += commands(nested.typer_instance, *above, nested.name)
    return found


@pytest.mark.parametrize("words", commands(app), ids=" ".join)
def test_the_help_of_a_command_contains_an_example(words):
    outcome = CliRunner().invoke(app, [*words, "--help"])
    assert outcome.exit_code == 0
    text = " ".join(outcome.output.split())
    assert "Example" in text
    assert words[0] in text.partition("Example")[2]
