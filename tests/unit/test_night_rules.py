"""Rules of a night: when a publication starts downstream runs, and which engine builds features."""

from datetime import date

import pytest

from contender.admission import should_announce
from contender.featurizing import choose_engine
from contender.specs import Days

NIGHT = Days.one("2013-09-01")
MONTH = Days(first=date(2013, 8, 1), last=date(2013, 8, 31))


@pytest.mark.parametrize(
    ("days", "changed", "newest", "announced"),
    [
        (NIGHT, True, NIGHT.last, True),
        (NIGHT, True, None, True),
        (NIGHT, False, NIGHT.last, False),
        (NIGHT, True, date(2013, 9, 2), False),
        (MONTH, True, MONTH.last, False),
    ],
    ids=["the newest day", "the first day of all", "nothing changed", "an old day corrected", "a range"],
)
def test_only_a_new_or_corrected_newest_day_starts_downstream_runs(days, changed, newest, announced):
    assert should_announce(days, changed=changed, newest=newest) is announced


@pytest.mark.parametrize(
    ("wanted", "rows", "engine"),
    [
        ("auto", 999_999, "duckdb"),
        ("auto", 1_000_000, "spark"),
        ("spark", 10, "spark"),
        ("duckdb", 10**9, "duckdb"),
    ],
)
def test_many_input_rows_are_built_on_spark(wanted, rows, engine):
    assert choose_engine(wanted, rows, spark_rows=1_000_000) == engine
