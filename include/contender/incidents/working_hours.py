"""Working hours: when mails about warnings and daily reminders are sent."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from contender.specs.frozen import Frozen

SATURDAY = 5


class WorkingHours(Frozen):
    """The hours outside of quiet hours, from Monday to Friday, in a time zone."""

    quiet_from: time = time(18)
    quiet_until: time = time(8)
    zone: str = "UTC"

    def include(self, now: datetime) -> bool:
        """Return whether a time (timezone-aware) is within working hours."""
        local = now.astimezone(ZoneInfo(self.zone))
        clock = local.time()
        if self.quiet_from <= self.quiet_until:
            quiet = self.quiet_from <= clock < self.quiet_until
        else:
            quiet = clock >= self.quiet_from or clock < self.quiet_until
        return local.weekday() < SATURDAY and not quiet

    def day_of(self, now: datetime) -> date:
        """Return the local day of a time."""
        return now.astimezone(ZoneInfo(self.zone)).date()


def read_working_hours(quiet_hours: str, zone: str) -> WorkingHours:
    """Return the working hours of the settings; `quiet_hours` is written as `18:00-08:00`."""
    start, _, end = quiet_hours.partition("-")
    return WorkingHours(quiet_from=time.fromisoformat(start), quiet_until=time.fromisoformat(end), zone=zone)
