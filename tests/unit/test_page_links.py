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
    return {slug(title) for title in titles}


def slug(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")


def links(page: Path) -> list[str]:
    text = re.sub(r"^```.*?^```$|`[^`\n]+`", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]


def is_broken(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    return not file.exists() or bool(anchor and anchor not in headings(file))


# Pages that copy figures from other pages. The text of such a link must occur in the section that it leads to.
CITING = (PROJECT / "README.md", PROJECT / "docs" / "FIVE_REASONS.md")
FIGURES = re.compile(r"\[((?:[(+-]|none |all )?\d[^]]*|none failed|recovered)\]\(([^)\s#]+)(?:#([^)\s]+))?\)")


def section(page: Path, anchor: str) -> str:
    """Return the text below a heading, up to the next heading of the same or a higher level."""
    parts = re.split(r"^(#+ .+)$", page.read_text(), flags=re.MULTILINE)
    texts = []
    level = 0
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        marks = len(title) - len(title.lstrip("#"))
        if level and marks <= level:
            break
        if level or anchor == slug(title.lstrip("# ")):
            level = level or marks
            texts += [title, text]
    return "".join(texts)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_has_an_existing_target(page):
    assert [target for target in links(page) if is_broken(page, target)] == []


@pytest.mark.parametrize("page", CITING, ids=lambda page: page.name)
def test_a_figure_that_links_to_its_source_occurs_there(page):
    cited = FIGURES.findall(page.read_text())
    assert cited
    for figure, path, anchor in cited:
        source = page.parent / path
        text = section(source, anchor) if anchor else source.read_text()
        assert " ".join(figure.split()) in " ".join(text.split()), f"{figure} is not in {path}#{anchor}"


def test_a_section_ends_at_the_next_heading_of_its_level(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n## One\n\n1\n\n### More\n\n2\n\n## Two\n\n3\n")
    assert [word in section(page, "one") for word in "123"] == [True, True, False]


def test_a_link_to_a_missing_file_or_heading_is_broken(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n## What `it` does\n")
    assert not is_broken(page, "#what-it-does")
    assert not is_broken(page, "page.md#title")
    assert is_broken(page, "#other")
    assert is_broken(page, "missing.md")
