"""Records with hostile texts, and a parser that returns tags, text and links of a page."""

from __future__ import annotations

import typing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Literal

from pydantic import BaseModel

WORDS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></svg></style><iframe src=//evil.example>",
    "{{7*7}}{% include 'layout.html' %}",
    "&lt;script&gt;",
)


def saying(value: Any, word: str, kept: tuple[str, ...] = ()) -> Any:
    """Return the record with each text replaced by `word`, except for literals and the fields in `kept`."""
    if isinstance(value, str):
        return word if value else value
    if isinstance(value, BaseModel):
        free = [
            name
            for name, about in type(value).model_fields.items()
            if name not in kept and not _chosen(about.annotation)
        ]
        return value.model_copy(update={name: saying(getattr(value, name), word, kept) for name in free})
    if isinstance(value, dict):
        return {saying(key, word): saying(item, word, kept) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(saying(item, word, kept) for item in value)
    return value


def _chosen(annotation: Any) -> bool:
    return typing.get_origin(annotation) is Literal or any(map(_chosen, typing.get_args(annotation)))


@dataclass
class Seen(HTMLParser):
    """The tags, text and links of a page, as a browser would see them."""

    html: str
    shape: list[tuple[str, tuple[str, ...]]] = field(
        default_factory=list
    )  # tags with their attributes' names
    words: str = ""
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        self.shape.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        self.words += data
