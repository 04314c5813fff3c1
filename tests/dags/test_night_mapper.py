"""Days that are delivered ahead are mapped to the night that needs them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from night_mapper import NightMapper


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 30))
def test_the_key_moves_back_by_the_lead(day, lead):
    assert NightMapper(lead).to_downstream(day.isoformat()) == (day - timedelta(days=lead)).isoformat()


@given(st.integers(0, 30))
def test_a_serialized_mapper_is_rebuilt_equal(lead):
    rebuilt = NightMapper.deserialize(NightMapper(lead).serialize())
    assert rebuilt.to_downstream("2013-09-02") == NightMapper(lead).to_downstream("2013-09-02")


@pytest.mark.parametrize("key", ["2013-9-1", "yesterday", "2013-02-30", ""])
def test_a_key_that_is_not_a_day_is_an_error(key):
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        NightMapper(1).to_downstream(key)
