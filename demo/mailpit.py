"""Mail that a Mailpit server has caught, by its API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from demo.mailbox import Mail, MailboxError

_NEWEST = 500


def read(url: str) -> list[Mail]:
    """Return the mail (its newest 500) in the order of its arrival. Raises MailboxError when nobody answers."""
    try:
        # A proxy of the environment must not see what stays inside.
        with httpx.Client(base_url=f"{url}/api/v1", timeout=30.0, trust_env=False) as client:
            listed = client.get("/messages", params={"limit": _NEWEST}).raise_for_status().json()["messages"]
            return [
                _mail(client.get(f"/message/{each['ID']}").raise_for_status().json()) for each in listed[::-1]
            ]
    except httpx.HTTPError as error:
        raise MailboxError(f"Mailpit at {url} does not tell its mail: {error}") from None


def _mail(told: Mapping[str, Any]) -> Mail:
    return Mail(
        subject=told["Subject"],
        sender=told["From"]["Address"],
        to=tuple(address["Address"] for address in told["To"]),
        text=told["Text"],
        html=told["HTML"],
        place=f"on the mail page, /view/{told['ID']}",
    )
