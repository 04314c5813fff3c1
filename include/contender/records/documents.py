"""Texts that records refer to by their fingerprint and that the book keeps once: contracts, lists of packages."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from pydantic import Field

from contender.specs.frozen import Frozen


class Document(Frozen):
    """A text as it was when it was kept; its id is its fingerprint."""

    id: str
    kind: str
    text: str
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


def fingerprint_text(text: str) -> str:
    """The name of a text: equal for equal texts."""
    return sha256(text.encode()).hexdigest()[:16]
