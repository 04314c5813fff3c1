"""Messages in HTML: what they have between backticks is shown as code."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.rendering import mark_code


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("run `contender ack 3` first", "run <code>contender ack 3</code> first"),
        ("`a` and `b`", "<code>a</code> and <code>b</code>"),
        ("it's 5 o`clock", "it&#39;s 5 o`clock"),
        ("`a` or `b", "<code>a</code> or `b"),
        ("`<script>`", "<code>&lt;script&gt;</code>"),
        ("", ""),
        (None, ""),
    ],
)
def test_what_is_between_backticks_is_code(message, shown):
    assert mark_code(message) == shown


class Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("`<>&\"'"), min_size=1))
def test_no_message_loses_a_letter_or_adds_markup(message):
    read = Texts()
    read.feed(mark_code(message))
    read.close()
    assert read.tags <= {"code"}
    assert read.text.replace("`", "") == message.replace("`", "")
