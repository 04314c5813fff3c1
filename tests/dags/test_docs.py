"""The generated pages are those of the code as it is."""

import pytest

from contender.settings import PROJECT
from scripts.generate_docs import render_pages


@pytest.mark.parametrize("name", ["DAGS.md", "SETTINGS.md", "CONTRACTS.md", "ACCESS.md"])
def test_a_generated_page_is_up_to_date(name):
    path = PROJECT / "docs" / name
    assert path.read_text() == render_pages()[path], "run `make docs`"
