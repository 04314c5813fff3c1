"""Read the mail that a Mailpit server has received, through its API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from contender.embedded_airflow.mailbox import Mail, MailboxError

_NEWEST = 500


def read(url: str) -> list[Mail]:
    """Return the newest 500 mails in the order of arrival. Raises MailboxError if the server does not respond."""
    try:
        # Ignore proxies of the environment: the server is local.
        with httpx.Client(base_url=f"{url}/api/v1", timeout=30.0, trust_env=False) as client:
            listed = client.get("/messages", params={"limit": _NEWEST}).raise_for_status().json()["messages"]
            return [
                _mail(client.get(f"/message/{each['ID']}").raise_for_status().json()) for each in listed[::-1]
            ]
    except httpx.HTTPError as error:
        raise MailboxError(f"The mail cannot be read from Mailpit at {url}: {error}") from None


def _mail(message: Mapping[str, Any]) -> Mail:
    return Mail(
        subject=message["Subject"],
        sender=message["From"]["Address"],
        to=tuple(address["Address"] for address in message["To"]),
        text=message["Text"],
        html=message["HTML"],
        place=f"on the mail page, /view/{message['ID']}",
    )
