"""Every command says what it does, with an example."""

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
def test_help_explains_with_an_example(words):
    outcome = CliRunner().invoke(app, [*words, "--help"])
    assert outcome.exit_code == 0
    told = " ".join(outcome.output.split())
    assert "Example" in told
    assert words[0] in told.partition("Example")[2]
