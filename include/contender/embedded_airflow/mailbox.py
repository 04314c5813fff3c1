"""A mailbox: an SMTP server that stores each mail as a file, with its HTML part in a second file."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from contender.embedded_airflow.environment import HOST
from contender.embedded_airflow.ports import free_port


class MailboxError(RuntimeError):
    """The mailbox cannot be opened or read; the message says why."""


@dataclass(frozen=True)
class Mail:
    """A received mail."""

    subject: str
    sender: str
    to: tuple[str, ...]
    text: str
    html: str
    place: str  # the file or page to read it


@dataclass(frozen=True)
class Mailbox:
    """An open mailbox."""

    folder: Path
    port: int
    server: Any = field(repr=False)  # aiosmtpd's Controller

    def close(self) -> None:
        """Stop accepting mail; received mails are kept."""
        self.server.stop()


def start(folder: Path, port: int = 0) -> Mailbox:
    """Accept mail on 127.0.0.1 (port 0 means a free port) and store it in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    server = Controller(_Handler(folder), hostname=HOST, port=port)
    try:
        server.start()
    except OSError as error:
        raise MailboxError(f"The mailbox cannot listen on {HOST}:{port}: {error.strerror}") from None
    return Mailbox(folder, port, server)


@contextlib.contextmanager
def running(folder: Path, port: int = 0) -> Iterator[Mailbox]:
    """Keep a mailbox open for the duration of the block."""
    mailbox = start(folder, port)
    try:
        yield mailbox
    finally:
        mailbox.close()


def read(folder: Path) -> list[Mail]:
    """Return all mails in the folder, in the order of arrival."""
    return [_mail(path) for path in sorted(folder.glob("*.eml"))]


class _Handler:
    """The handler that aiosmtpd calls with each mail, one at a time, in its own thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = max((_number(path) for path in folder.glob("*.eml")), default=0)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: ARG002, N802
        self._number += 1
        _keep(self._folder, self._number, bytes(envelope.original_content))
        return "250 kept"


def _keep(folder: Path, number: int, content: bytes) -> None:
    message = _parse(content)
    name = f"{number:05d}-{_slug(str(message['subject'] or 'no subject'))}"
    if html := _part(message, "html"):
        _write(folder / f"{name}.html", html.encode())
    _write(folder / f"{name}.eml", content)  # written last, so that its page exists when the mail appears


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(content)
    draft.replace(path)


def _mail(path: Path) -> Mail:
    message = _parse(path.read_bytes())
    page = path.with_suffix(".html")
    return Mail(
        subject=str(message["subject"] or ""),
        sender=str(message["from"] or ""),
        to=tuple(address.strip() for address in str(message["to"] or "").split(",") if address.strip()),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        place=str(page if page.exists() else path),
    )


def _parse(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())


def _number(path: Path) -> int:
    match = re.match(r"\d+", path.name)
    return int(match.group()) if match else 0


def _slug(subject: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")[:60] or "mail"
