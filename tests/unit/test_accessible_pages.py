"""Pages can be read in light and dark colours, with a keyboard, and with a screen reader."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from contender.charts import TEMPLATES
from tests.unit.test_hostile_words import EVERY, book, render  # noqa: F401 - fixtures

PAGES = [name for name in EVERY if name.startswith("plugins/") or name == "cards/model_card.html"]
STYLE = (TEMPLATES / "style.css").read_text()
AA_TEXT, AA_GRAPHIC = 4.5, 3.0
TEXT = ("ink", "faint", "link", "good", "warn", "bad")
SURFACES = ("paper", "shade", "built", "served")
WITHOUT_END = {"meta", "link", "br", "img", "input", "hr"}


class Outline(HTMLParser):
    """What a page offers to a screen reader: elements with their attributes, the text inside, and their parents."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[dict[str, object]] = []
        self._open: list[dict[str, object]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = {"tag": tag, "text": "", "inside": [e["tag"] for e in self._open], **dict(attrs)}
        element["children"] = []
        if self._open:
            self._open[-1]["children"].append(element)
        self.elements.append(element)
        if tag not in WITHOUT_END:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self._open and self._open[-1] is self.elements[-1]:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        while any(element["tag"] == tag for element in self._open) and self._open.pop()["tag"] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element["text"] += data.strip()

    def all(self, *tags: str) -> list[dict[str, object]]:
        return [element for element in self.elements if element["tag"] in tags]


@pytest.fixture(params=PAGES)
def outline(request, render):  # noqa: F811
    return Outline(render(request.param, "word"))


def test_a_page_has_a_language_a_title_a_viewport_and_one_main_part(outline):
    (html,), (title,), (_,) = outline.all("html"), outline.all("title")[:1], outline.all("main")
    assert html["lang"] == "en"
    assert title["text"]
    assert [meta["content"] for meta in outline.all("meta") if meta.get("name") == "viewport"]


def test_headings_are_in_order(outline):
    levels = [int(element["tag"][1]) for element in outline.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_table_has_a_caption_and_headers_with_a_scope(outline):
    for table in outline.all("table"):
        assert table["children"][0]["tag"] == "caption"
        assert table["children"][0]["text"]
    for header in outline.all("th"):
        assert header.get("scope") in ("row", "col")
        assert header["text"]


def test_pictures_links_and_fields_have_a_name(outline):
    for element in outline.all("img"):
        assert element.get("alt") is not None
    for element in outline.all("svg"):
        assert element.get("aria-label") or element["children"][0]["tag"] == "title"
        # The children of an image are not announced: a drawing with links is a group.
        assert element["role"] == ("group" if outline_links(element) else "img")
    for element in outline.all("a"):
        assert element["text"] or element.get("aria-label")
    labelled = {element.get("for") for element in outline.all("label")}
    for element in outline.all("input", "select", "textarea"):
        assert element.get("aria-label") or element.get("id") in labelled


def test_what_scrolls_can_be_reached_with_a_keyboard(outline):
    for element in outline.all("div"):
        if element.get("class") == "wide":
            assert element["tabindex"] == "0"
            assert element["aria-label"]


def test_what_is_collapsed_says_what_it_is(outline):
    for element in outline.all("details"):
        assert element["children"][0]["tag"] == "summary"
        assert element["children"][0]["text"]


def test_no_id_occurs_twice(outline):
    ids = [element["id"] for element in outline.elements if "id" in element]
    assert len(ids) == len(set(ids))


def outline_links(element: dict[str, object]) -> list[dict[str, object]]:
    return [child for child in element["children"] if child["tag"] == "a" or outline_links(child)]


def themes() -> dict[str, dict[str, str]]:
    """Return the colours of both themes by name."""
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part)) for part in (light, dark)]
    return {"light": found[0], "dark": found[0] | found[1]}


def luminance(colour: str) -> float:
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_have_the_contrast_of_level_aa(theme):
    colours = themes()[theme]
    graphics = [name for name in colours if name.startswith("chart-")]
    assert len(graphics) == 7
    for name in TEXT:
        for surface in SURFACES if name in ("ink", "link") else SURFACES[:2]:
            assert contrast(colours[name], colours[surface]) >= AA_TEXT, (name, surface)
    for name in [*graphics, "edge"]:
        assert contrast(colours[name], colours["paper"]) >= AA_GRAPHIC, name


def test_both_themes_have_the_same_colours():
    assert themes()["light"].keys() == themes()["dark"].keys()


def test_the_theme_is_that_of_the_browser_and_focus_is_visible():
    assert "color-scheme: light dark" in STYLE
    assert ":focus-visible { outline: 3px" in STYLE
    assert not re.search(r"outline: *(none|0)", STYLE)


def test_contrast_is_that_of_the_standard():
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48
