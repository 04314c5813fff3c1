"""Generated pages match the code, and the threat model names existing tests."""

import re

import pytest

from contender.settings import PROJECT
from scripts.generate_docs import render_pages


@pytest.fixture(scope="module")
def rendered():
    return render_pages()


@pytest.mark.parametrize("name", ["DAGS.md", "SETTINGS.md", "CONTRACTS.md", "ACCESS.md", "adr/README.md"])
def test_a_generated_page_is_up_to_date(rendered, name):
    path = PROJECT / "docs" / name
    assert path.read_text() == rendered[path], "run `make docs`"


def test_every_test_named_in_the_threat_model_exists():
    tests = PROJECT / "tests"
    existing = {path.stem for path in tests.rglob("test_*.py")}
    for path in tests.rglob("test_*.py"):
        existing |= set(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))
    named = re.findall(r"`(test_\w+)`", (PROJECT / "docs" / "SECURITY.md").read_text())
    assert len(named) > 20
    assert [name for name in named if name not in existing] == []
