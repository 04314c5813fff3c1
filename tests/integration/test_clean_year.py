"""No false alarm: every day of the real year passes its contract and the comparison with previous days."""

from __future__ import annotations

from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from contender.gating import Past, check
from contender.gating.usual import RECENT_DAYS, check_usual
from contender.ingesting import land
from contender.profiles import profile
from contender.settings import Settings
from contender.specs import Days, RowCount
from demo import source
from demo.source import flights
from demo.source.groceries import SOURCE as GROCERIES

FLIGHTS = flights.SOURCE
DAILY = [*FLIGHTS.daily, *GROCERIES.daily]


@pytest.fixture
def year(grocer, here, dataset) -> tuple[Settings, Days]:
    """Where the dataset's year is delivered, and its days."""
    if dataset in GROCERIES.daily:
        return grocer[0], GROCERIES.days
    dropped = source.drop(dataset, FLIGHTS.days.each(), here.landing)
    days = [file.day for file in dropped if file.place]
    return here, Days(first=days[0], last=days[-1])


@pytest.mark.parametrize("dataset", DAILY)
def test_no_day_of_the_year_raises_an_alarm(year, catalog, dataset):
    spec, (settings, days) = catalog.dataset(dataset), year
    batch = land(spec, days, settings)
    assert check(spec.contract, batch, "year").verdict == "pass"
    profiles = {
        file.day: profile(spec.contract, file.day, file.digest, pq.read_table(file.path))
        for file in batch.files
    }
    alarms = []
    for day, today in profiles.items():
        past = Past(
            today=today,
            closed=spec.contract.closed,
            rows={then: known.rows for then, known in profiles.items() if then < day},
            profiles=tuple(
                profiles[then]
                for back in range(RECENT_DAYS, 0, -1)
                if (then := day - timedelta(days=back)) in profiles
            ),
        )
        alarms += [(day, told) for told in check_usual(spec.usual, past) if told.verdict != "pass"]
        # The gate of the whole year knows the sum of its rows alone.
        (bounds,) = (e for e in spec.expectations if isinstance(e, RowCount))
        assert bounds.low <= today.rows <= bounds.high
    assert alarms == []
