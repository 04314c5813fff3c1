"""The website: every page is in its navigation and in the list of pages, and links survive the move into its folder."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from contender.settings import PROJECT
from scripts.screenshots import MAX_BYTES
from scripts.site_pages import OUTSIDE, list_pages, place, rewrite, widen_lists
from tests.unit.test_page_links import links

DOCS = PROJECT / "docs"


def pages_of(entry: Any) -> list[str]:
    """Return the pages of an entry of the navigation."""
    if isinstance(entry, str):
        return [entry]
    children = entry.values() if isinstance(entry, dict) else entry
    return [page for child in children for page in pages_of(child)]


@pytest.fixture(scope="module")
def navigation() -> list[str]:
    return pages_of(yaml.safe_load((PROJECT / "mkdocs.yml").read_text())["nav"])


def test_every_page_is_once_in_the_navigation(navigation):
    pages = {str(place(page)) for page in list_pages() if page.parts[:2] != ("docs", "adr")}
    assert sorted(navigation) == sorted((pages | {"adr/README.md"}) - {"repository/README.md"})


def test_every_page_is_in_the_list_of_pages():
    listed = {link.partition("#")[0] for link in links(DOCS / "index.md")}
    assert {path.name for path in DOCS.glob("*.md")} - {"index.md"} <= listed


def test_every_picture_is_shown_and_small():
    shown = {link for link in links(DOCS / "PAGES.md") if link.startswith("images/")}
    pictures = list((DOCS / "images").iterdir())
    assert {f"images/{picture.name}" for picture in pictures} == shown
    assert [picture.name for picture in pictures if picture.stat().st_size > MAX_BYTES] == []


def test_links_to_files_outside_the_site_lead_to_copies():
    page = PurePosixPath("docs/adr/0001-one.md")
    text, linked = rewrite("[a](../GUARDS.md#list) and [b](../../demo/nights.py), `[c](d.md)`", page)
    assert text == "[a](../GUARDS.md#list) and [b](../repository/demo/nights.py), `[c](d.md)`"
    assert linked == {PurePosixPath("docs/GUARDS.md"), PurePosixPath("demo/nights.py")}


def test_links_from_pages_outside_the_site_lead_into_it():
    text, _ = rewrite(
        "[docs](docs/adr), [web](https://a.example), [here](#there)", PurePosixPath("README.md")
    )
    assert text == "[docs](../adr/README.md), [web](https://a.example), [here](#there)"


def test_every_linked_file_exists_in_the_site():
    known = set(list_pages())
    for page in known:
        _, linked = rewrite((PROJECT / page).read_text(), page)
        assert [file for file in linked if not (PROJECT / file).is_file()] == [], page


def test_pages_outside_the_folder_of_documentation_keep_their_names():
    assert [str(place(PurePosixPath(name))) for name in OUTSIDE] == [f"repository/{name}" for name in OUTSIDE]


def test_continued_items_are_indented_by_four_spaces():
    page = (
        "1. One\n   more:\n\n       code\n2. Two\n\nText\n\n- a\n  b\n\n```\n1. x\n   y\n```\n    indented\n"
    )
    wide = "1. One\n    more:\n\n        code\n\n2. Two\n\nText\n\n- a\n    b\n\n```\n1. x\n   y\n```\n    indented\n"
    assert widen_lists(page) == wide
