"""Every command says what it does, with an example."""

import pytest
from typer.testing import CliRunner

from contender.cli import app
from tests.command import list_commands


@pytest.mark.parametrize("words", list_commands(), ids=" ".join)
def test_help_explains_with_an_example(words):
    outcome = CliRunner().invoke(app, [*words, "--help"])
    assert outcome.exit_code == 0
    told = " ".join(outcome.output.split())
    assert "Example" in told
    assert words[0] in told.partition("Example")[2]
