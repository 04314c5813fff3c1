"""Every link between the project's pages points to an existing file and heading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contender.settings import PROJECT

PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])


def headings(page: Path) -> set[str]:
    """Return the anchors that GitHub generates for a page's headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def links(page: Path) -> list[str]:
    text = re.sub(r"^```.*?^```$|`[^`\n]+`", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]


def is_broken(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    return not file.exists() or bool(anchor and anchor not in headings(file))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_has_an_existing_target(page):
    assert [target for target in links(page) if is_broken(page, target)] == []


def test_a_link_to_a_missing_file_or_heading_is_broken(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n## What `it` does\n")
    assert not is_broken(page, "#what-it-does")
    assert not is_broken(page, "page.md#title")
    assert is_broken(page, "#other")
    assert is_broken(page, "missing.md")
