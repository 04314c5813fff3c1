"""A correction starts a night again if the night waits for other inputs that were announced before."""

from __future__ import annotations

from datetime import date

import pytest

from contender.admission import find_night
from contender.specs import waiting_readers

DAY, NEXT = date(2013, 9, 2), date(2013, 9, 3)
COMPLETE = {("datasets.departures", DAY), ("datasets.weather", DAY), ("datasets.schedule", NEXT)}


@pytest.mark.parametrize(
    ("table", "day"), [("datasets.departures", DAY), ("datasets.weather", DAY), ("datasets.schedule", NEXT)]
)
def test_the_night_of_the_corrected_day_is_repeated(catalog, table, day):
    sources = catalog.sources(catalog.model("flight_delay"))
    assert find_night(sources, table, day, lambda *key: key in COMPLETE) == DAY


@pytest.mark.parametrize("missing", [("datasets.weather", DAY), ("datasets.schedule", NEXT)])
def test_a_night_that_still_waits_for_an_input_is_not_repeated(catalog, missing):
    sources = catalog.sources(catalog.model("flight_delay"))
    published = COMPLETE - {missing}
    assert find_night(sources, "datasets.departures", DAY, lambda *key: key in published) is None


def test_only_models_with_several_daily_inputs_wait(catalog):
    readers = waiting_readers(catalog)
    assert [model.name for model in readers["datasets.departures"]] == ["flight_delay"]
    assert "datasets.transactions" not in readers
    assert "datasets.planes" not in readers
