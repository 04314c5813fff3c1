"""What a night waits for, and which of it has arrived."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from contender.specs import Days
from contender.specs.frozen import Frozen

State = Literal["published", "quarantined", "landed", "closed", "overdue", "expected"]


class SeenInput(Frozen):
    """What the stores contain about one daily input of a night."""

    table: str
    day: Days
    expected_at: datetime | None = Field(description="None without a schedule, and for predictions")
    due: datetime | None = Field(description="end of the grace period; None without a schedule")
    published: bool
    failed: bool = Field(description="the newest gate of this day failed")
    landed: bool | None = Field(default=None, description="None if the landing zone does not show it")
    closed: bool = False


class Awaited(Frozen):
    """One daily input of a night.

    `landed`: delivered, and not published yet. `closed`: the source delivers nothing on this day. `expected`: not due
    yet, or without a schedule.
    """

    table: str
    day: Days
    state: State
    expected_at: datetime | None


def judge_input(seen: SeenInput, now: datetime) -> Awaited:
    """Return the state of an input at a time."""
    overdue = seen.due is not None and now >= seen.due
    states: tuple[tuple[State, bool], ...] = (
        ("published", seen.published),
        ("quarantined", seen.failed),
        ("landed", bool(seen.landed)),
        ("closed", seen.closed),
        ("overdue", overdue),
    )
    state = next((name for name, holds in states if holds), "expected")
    return Awaited(table=seen.table, day=seen.day, state=state, expected_at=seen.expected_at)
