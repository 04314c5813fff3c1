"""Find the night that a correction must start again.

Airflow starts a night when each daily input has been announced once. A correction announces one input, and waits for
the others in vain: they were announced before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from contender.installation import Installation
from contender.lake import Published
from contender.specs import Days, ModelSpec
from contender.specs.catalog import Source

IsPublished = Callable[[str, date], bool]


def find_night(sources: Sequence[Source], table: str, day: date, is_published: IsPublished) -> date | None:
    """Return the night that reads this day of a table, if its other daily inputs are published; else None."""
    daily = [source for source in sources if source.contract.daily]
    lead = next(source.lead_days for source in daily if source.contract.table == table)
    night = day - timedelta(days=lead)
    others = [source for source in daily if source.contract.table != table]
    complete = all(is_published(s.contract.table, night + timedelta(days=s.lead_days)) for s in others)
    return night if complete else None


def night_to_repeat(here: Installation, model: ModelSpec, published: Published) -> date | None:
    """Return the night of a model that must be started again after a publication; None if it starts by itself."""
    if not published.corrected:
        return None
    sources = here.catalog.sources(model)

    def is_published(table: str, day: date) -> bool:
        # A closed day has no rows: only its publication is recorded.
        days = Days.one(day)
        return bool(here.lake.day_files(table, days)) or here.book.publications.contains(table, days)

    return find_night(sources, published.table, published.days.first, is_published)
