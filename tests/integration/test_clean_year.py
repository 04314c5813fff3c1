"""No false alarm: every day of the real year passes, by its contract and beside its past."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow.parquet as pq
import pytest

from contender.gating import Past, check
from contender.gating.profile import profile
from contender.gating.usual import RECENT_DAYS, judge_usual
from contender.ingesting import land
from contender.specs import Days, RowCount
from demo import source

YEAR = Days(first=date(2013, 1, 1), last=date(2013, 12, 30))  # the weather of the 31st is not there


@pytest.mark.parametrize("dataset", source.DAILY)
def test_no_day_of_the_year_raises_an_alarm(here, catalog, dataset):
    spec = catalog.dataset(dataset)
    source.drop(dataset, YEAR.each(), here.landing)
    batch = land(spec, YEAR, here)
    assert check(spec.contract, batch, "year").verdict == "pass"
    profiles = {
        file.day: profile(spec.contract, file.day, file.digest, pq.read_table(file.path))
        for file in batch.files
    }
    alarms = []
    for day, today in profiles.items():
        past = Past(
            today=today,
            rows={then: known.rows for then, known in profiles.items() if then < day},
            profiles=tuple(
                profiles[then]
                for back in range(RECENT_DAYS, 0, -1)
                if (then := day - timedelta(days=back)) in profiles
            ),
        )
        alarms += [(day, told) for told in judge_usual(spec.usual, past) if told.verdict != "pass"]
        # The gate of the whole year knows the sum of its rows alone.
        (bounds,) = (e for e in spec.expectations if isinstance(e, RowCount))
        assert bounds.low <= today.rows <= bounds.high
    assert alarms == []
