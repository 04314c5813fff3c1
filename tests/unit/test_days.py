"""Which days a run is about."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contender.specs import Days, DaysError, resolve_days

days = st.dates(date(1990, 1, 1), date(2100, 1, 1))
ranges = st.builds(
    lambda first, length: Days(first=first, last=first + timedelta(days=length)), days, st.integers(0, 400)
)


@pytest.mark.parametrize(
    ("key", "form", "meant"),
    [
        ("2013-09-01", {}, "2013-09-01"),
        ("2013-09-01", {"day": None, "first": "", "last": None}, "2013-09-01"),
        (None, {"day": "2013-09-01"}, "2013-09-01"),
        (None, {"first": "2013-01-01", "last": "2013-08-31"}, "2013-01-01..2013-08-31"),
        (None, {"first": "2013-01-01", "last": "2013-01-01"}, "2013-01-01"),
    ],
)
def test_a_run_is_about_its_key_or_what_its_form_says(key, form, meant):
    assert resolve_days(key, form).key == meant


@pytest.mark.parametrize(
    ("key", "form", "message"),
    [
        (None, {}, "fill in `day`, or both `first` and `last`, or start it with a partition key"),
        (None, {"first": "2013-01-01"}, "both `first` and `last`"),
        (None, {"day": "2013-01-01", "first": "2013-01-01", "last": "2013-01-02"}, "or both"),
        (None, {"first": "2013-01-02", "last": "2013-01-01"}, "swap the two"),
        (None, {"day": "1 September"}, "'1 September' is not a day: write it as YYYY-MM-DD"),
        (None, {"day": "20130901"}, "'20130901' is not a day"),
        ("2013-02-30", {}, "'2013-02-30' is not a day"),
        ("2013-09-01", {"day": "2013-09-02"}, "fill in only one of them"),
    ],
)
def test_a_run_without_clear_days_is_rejected_with_a_fix(key, form, message):
    with pytest.raises(DaysError) as error:
        resolve_days(key, form)
    assert message in str(error.value)


@given(ranges)
def test_a_range_lists_each_of_its_days_once_and_in_order(span):
    listed = list(span.each())
    assert listed == sorted(set(listed))
    assert len(listed) == len(span)
    assert (listed[0], listed[-1]) == (span.first, span.last)


@given(ranges, st.integers(-50, 50))
def test_shifting_there_and_back_changes_nothing(span, step):
    assert span.shifted(step).shifted(-step) == span


@given(ranges, st.integers(0, 50))
def test_reaching_back_only_adds_earlier_days(span, more):
    longer = span.reaching_back(more)
    assert longer.last == span.last
    assert len(longer) == len(span) + more


@given(st.dates())
def test_a_day_is_read_back_from_its_key(day):
    assert resolve_days(Days.one(day).key, {}) == Days.one(day)


@given(ranges)
def test_a_range_is_read_back_from_its_key(span):
    first, _, last = span.key.partition("..")
    assert resolve_days(None, {"first": first, "last": last or first}) == span


@given(ranges, st.integers(-60, 460))
def test_a_range_contains_just_the_days_that_it_lists(span, offset):
    day = span.first + timedelta(days=offset)
    assert (day in span) == (day in set(span.each()))


@given(ranges.filter(lambda span: not span.is_single))
def test_a_range_is_never_written_backwards(span):
    with pytest.raises(ValidationError, match="swap the two days"):
        Days(first=span.last, last=span.first)


@given(st.text(min_size=1))
def test_an_invalid_day_is_rejected_with_the_expected_form(text):
    try:
        date.fromisoformat(text)
    except ValueError:
        with pytest.raises(DaysError, match="YYYY-MM-DD"):
            resolve_days(text, {})


@given(ranges, ranges)
def test_ranges_overlap_when_they_share_a_day(one, other):
    shared = any(day in other for day in one.each())
    assert one.overlaps(other) is other.overlaps(one) is shared


@pytest.mark.parametrize(("length", "parts"), [(1, [1]), (31, [31]), (32, [16, 16]), (63, [21, 21, 21])])
def test_a_range_is_split_into_parts_of_equal_length_that_cover_it(length, parts):
    days = Days(first=date(2013, 1, 1), last=date(2013, 1, 1) + timedelta(days=length - 1))
    found = list(days.split(31))
    assert [len(part) for part in found] == parts
    assert [day for part in found for day in part.each()] == list(days.each())
