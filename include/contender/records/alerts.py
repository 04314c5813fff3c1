"""Alert mails: written down before they are sent, so that a dead mail server loses none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from contender.specs.frozen import Frozen


class Alert(Frozen):
    """A mail to an owner; `pending` until a server took it."""

    id: str
    kind: Literal["gate", "task", "decision", "approval", "access"]
    about: str = Field(description="the dataset, model or file that it is about")
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    state: Literal["pending", "sent"] = "pending"
    last_error: str | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
