"""Explain the days without files: days of the week, and calendars of public holidays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from contender.drafting.draft import CHECK
from contender.specs import WEEKDAYS, Days, Weekday, describe_days, find_holidays, list_calendars

_WEEKS = 2  # a weekday that is missing in fewer weeks may be missing by chance
_SHOWN = 5


@dataclass(frozen=True)
class Gaps:
    """The days on which a source seems to deliver nothing, and what a person should check."""

    weekdays: tuple[Weekday, ...] = ()
    holidays: str | None = None
    findings: tuple[str, ...] = ()


def explain_gaps(delivered: Collection[date]) -> Gaps:
    """Return the weekdays that are never delivered, and the calendar that has exactly the other missing days.

    A calendar that is not the only one is a finding, as are days that no calendar explains.
    """
    span = Days(first=min(delivered), last=max(delivered))
    weekdays = _closed_weekdays(span, delivered)
    open_days = [day for day in span.each() if WEEKDAYS[day.weekday()] not in weekdays]
    missing = {day for day in open_days if day not in delivered}
    findings = (
        [f"{CHECK}no file of any {', '.join(weekdays)}; is the source closed then?"] if weekdays else []
    )
    if not missing:
        return Gaps(weekdays, None, tuple(findings))
    calendars = _matching_calendars(missing, set(open_days))
    days = describe_days(missing)
    if len(calendars) == 1:
        findings.append(f"{CHECK}no file of {days}: exactly the public holidays of {calendars[0]}")
        return Gaps(weekdays, calendars[0], tuple(findings))
    if calendars:
        shown = ", ".join(calendars[:_SHOWN]) + (" and others" if len(calendars) > _SHOWN else "")
        findings.append(
            f"{CHECK}no file of {days}: the public holidays of {shown}; set `closed_holidays` to the right one"
        )
    else:
        findings.append(f"{CHECK}no file of {days}; was it not delivered, or is the source closed then?")
    return Gaps(weekdays, None, tuple(findings))


def _closed_weekdays(span: Days, delivered: Collection[date]) -> tuple[Weekday, ...]:
    if len(span) < 7 * _WEEKS:
        return ()
    present = {day.weekday() for day in delivered}
    return tuple(name for number, name in enumerate(WEEKDAYS) if number not in present)


def _matching_calendars(missing: set[date], open_days: set[date]) -> list[str]:
    """Return the calendars whose holidays among the open days are exactly the missing days; countries before parts.

    A part of a country with the same holidays as the country is left out.
    """
    years = {day.year for day in open_days}
    found: list[str] = []
    for calendar in sorted(list_calendars(), key=lambda code: ("-" in code, code)):
        if calendar.partition("-")[0] not in found:
            holidays = set().union(*(find_holidays(calendar, year) for year in years))
            if holidays & open_days == missing:
                found.append(calendar)
    return found
