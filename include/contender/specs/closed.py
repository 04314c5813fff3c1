"""The days on which a source delivers nothing."""

from __future__ import annotations

from datetime import date
from typing import Literal, get_args

from contender.specs.frozen import Frozen

Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
# Not from strftime, which names days in the language of the process.
_NAMES = get_args(Weekday)


class ClosedDays(Frozen):
    """Single days, and days of the week, without rows; `day in closed` tells whether a day is one of them."""

    dates: tuple[date, ...] = ()
    weekdays: tuple[Weekday, ...] = ()

    def __contains__(self, day: object) -> bool:
        """Return whether a day is closed."""
        return isinstance(day, date) and (day in self.dates or _NAMES[day.weekday()] in self.weekdays)

    @property
    def are_most(self) -> bool:
        """Whether the source delivers on fewer than four days of a week."""
        return len(self.weekdays) > len(_NAMES) / 2

    def __str__(self) -> str:
        """Return the closed days in words; empty if there are none."""
        return ", ".join((*(f"every {name}" for name in self.weekdays), *map(str, self.dates)))
