"""Every command has help with an example."""

import pytest
from typer.testing import CliRunner

from contender.cli import app
from tests.command import list_commands


@pytest.mark.parametrize("words", list_commands(), ids=" ".join)
def test_help_explains_with_an_example(words):
    outcome = CliRunner().invoke(app, [*words, "--help"])
    assert outcome.exit_code == 0
    text = " ".join(outcome.output.split())
    assert "Example" in text
    assert words[0] in text.partition("Example")[2]
