"""The days on which a source delivers nothing."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from contender.specs.frozen import Frozen

Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
# Not from strftime, which names days in the language of the process.
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


@cache
def list_calendars() -> tuple[str, ...]:
    """Return the codes of all calendars of public holidays: of countries, such as DE, and of their parts, as DE-BY."""
    import holidays  # takes a tenth of a second, which few contracts need

    known = holidays.list_supported_countries(include_aliases=False)
    return tuple(
        sorted(
            code for country, parts in known.items() for code in (country, *(f"{country}-{p}" for p in parts))
        )
    )


@cache
def find_holidays(calendar: str, year: int) -> frozenset[date]:
    """Return the public holidays of a year."""
    import holidays

    country, _, part = calendar.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))


def _calendar(code: str) -> str:
    if code not in list_calendars():
        country = code.partition("-")[0]
        parts = ", ".join(known for known in list_calendars() if known.startswith(f"{country}-"))
        raise ValueError(
            f"{code!r} has no calendar of public holidays: write a country of ISO 3166, such as 'DE', or its part, "
            f"such as 'DE-BY'{f'; there are {country}, {parts}' if parts else ''}"
        )
    return code


Calendar = Annotated[str, AfterValidator(_calendar)]


class ClosedDays(Frozen):
    """Single days, days of the week and public holidays without rows; `day in closed` tells whether a day is closed."""

    dates: tuple[date, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    holidays: Calendar | None = Field(
        default=None, description="the public holidays of a country or of its part, such as DE or DE-BY"
    )

    def __contains__(self, day: object) -> bool:
        """Return whether a day is closed."""
        if not isinstance(day, date):
            return False
        if day in self.dates or WEEKDAYS[day.weekday()] in self.weekdays:
            return True
        return self.holidays is not None and day in find_holidays(self.holidays, day.year)

    @property
    def are_most(self) -> bool:
        """Whether the source delivers on fewer than four days of a week."""
        return len(self.weekdays) > len(WEEKDAYS) / 2

    def __str__(self) -> str:
        """Return the closed days in words; empty if there are none."""
        public = () if self.holidays is None else (f"public holidays of {self.holidays}",)
        return ", ".join((*(f"every {name}" for name in self.weekdays), *public, *map(str, self.dates)))
