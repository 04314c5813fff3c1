"""Mask secrets in text before it is shown or stored: mails, error messages, details of records."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

MASK = "***"
_SHORTEST = 6  # characters: masking shorter values would make messages unreadable

_SECRET_NAME = re.compile(
    r"PASS(WORD|WD|PHRASE)|SECRET|TOKEN|CREDENTIAL|FERNET|(^|_)(API|ACCESS|PRIVATE)?_?KEY(_ID)?$", re.I
)
_IN_URL = re.compile(r"(?P<begin>[a-z][a-z0-9+.-]*://[^\s:/@'\"]*:)(?P<secret>[^\s'\"]+)(?=@)", re.I)
_ASSIGNED = re.compile(
    r"(?P<begin>\b(?:password|passwd|pwd|secret|token|api[_-]?key|secret[_-]?access[_-]?key)['\"]?\s*[=:]\s*['\"]?)"
    r"(?P<secret>[^\s&;,'\")}]+)",
    re.I,
)
_AWS_KEY_ID = re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")


def redact(text: str) -> str:
    """Mask the secrets of this process's environment, and passwords in URLs and assignments.

    A secret of fewer than six characters is only recognised in a URL or an assignment.
    """
    for secret in known_secrets():
        text = text.replace(secret, MASK)
    text = _IN_URL.sub(rf"\g<begin>{MASK}", text)
    text = _ASSIGNED.sub(rf"\g<begin>{MASK}", text)
    return _AWS_KEY_ID.sub(MASK, text)


def known_secrets(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the secrets in the environment, as written and as escaped in URLs, HTML and JSON, longest first."""
    found = {
        spelling
        for name, value in (os.environ if environment is None else environment).items()
        for secret in _secrets_of(name, value)
        if len(secret) >= _SHORTEST
        for spelling in _spellings(secret)
    }
    return tuple(sorted(found, key=lambda secret: (-len(secret), secret)))


def _secrets_of(name: str, value: str) -> Iterator[str]:
    if name.startswith("AIRFLOW_CONN_"):
        yield from _secrets_of_connection(value)
    elif _SECRET_NAME.search(name) and not _is_plain(value):
        yield value
    yield from (match["secret"] for match in _IN_URL.finditer(value))


def _secrets_of_connection(value: str) -> Iterator[str]:
    try:
        connection: Any = json.loads(value)
    except ValueError:
        return
    if isinstance(connection, dict):
        yield from (str(connection.get("password") or ""), *_named_secrets(connection.get("extra")))


def _named_secrets(extra: Any) -> Iterator[str]:
    if isinstance(extra, str):
        try:
            extra = json.loads(extra)
        except ValueError:
            return
    for name, value in extra.items() if isinstance(extra, dict) else ():
        if isinstance(value, dict):
            yield from _named_secrets(value)
        elif isinstance(value, str) and _SECRET_NAME.search(name):
            yield value


def _is_plain(value: str) -> bool:
    """Return whether a value is a switch, a number or a file, and so not a secret."""
    switch = value.lower() in {"true", "false", "none"} or value.replace(".", "", 1).isdigit()
    return switch or os.path.exists(value)  # noqa: PTH110 - Path.exists raises on names that are too long


def _spellings(secret: str) -> Iterable[str]:
    plain = unquote(secret)
    return {
        secret,
        plain,
        quote(plain, safe=""),
        html.escape(plain),
        json.dumps(plain)[1:-1],
        repr(plain)[1:-1],
    }
