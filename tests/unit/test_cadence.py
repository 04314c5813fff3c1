"""The nights on which a cadence retrains."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.backtesting import is_due
from contender.specs import Days

YEAR = Days(first=date(2013, 1, 31), last=date(2014, 1, 30))
days = st.dates(min_value=date(2000, 1, 1), max_value=date(2050, 12, 31))


def due(first: date, last: date, cadence: str) -> list[date]:
    return [night for night in Days(first=first, last=last).each() if is_due(night, first, cadence)]


def test_monthly_from_the_31st_is_the_last_day_of_shorter_months():
    assert due(date(2013, 1, 31), date(2013, 5, 30), "monthly") == [
        date(2013, 1, 31),
        date(2013, 2, 28),
        date(2013, 3, 31),
        date(2013, 4, 30),
    ]


def test_monthly_from_the_30th_falls_on_the_29th_in_a_leap_years_february():
    assert due(date(2016, 1, 30), date(2016, 3, 30), "monthly")[1] == date(2016, 2, 29)


def test_weekly_is_every_seventh_night_from_the_first():
    assert due(date(2013, 3, 1), date(2013, 3, 15), "weekly") == [
        date(2013, 3, 1),
        date(2013, 3, 8),
        date(2013, 3, 15),
    ]


@given(days)
def test_a_month_has_one_night_of_a_monthly_cadence(first):
    nights = due(first, date(first.year + 1, first.month, 1), "monthly")
    months = [(night.year, night.month) for night in nights]
    assert len(months) == len(set(months))
    assert len(months) >= 12


@pytest.mark.parametrize("cadence", ["nightly", "weekly", "monthly"])
def test_every_cadence_includes_the_first_night(cadence):
    assert is_due(YEAR.first, YEAR.first, cadence)
