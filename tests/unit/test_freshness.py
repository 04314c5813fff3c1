"""Which day each table should contain by now, and which tables are overdue."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from contender.catalogue import judge_freshness
from contender.specs import Input, expected_days

BEGAN = date(2013, 9, 1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("table", "now", "day"),
    [
        ("datasets.departures", "2013-09-05T11:29", date(2013, 9, 3)),
        ("datasets.departures", "2013-09-05T11:30", date(2013, 9, 4)),
        ("datasets.schedule", "2013-09-05T10:59", date(2013, 9, 4)),
        ("datasets.schedule", "2013-09-05T11:00", date(2013, 9, 5)),
        ("datasets.planes", "2013-09-08T23:00", date(2013, 9, 2)),
        ("datasets.planes", "2013-09-09T12:00", date(2013, 9, 9)),
    ],
)
def test_a_delivery_is_due_at_the_end_of_its_grace_period(catalog, table, now, day):
    assert expected_days(catalog, at(now), BEGAN)[table].day == day


def test_nothing_is_due_without_a_schedule(catalog):
    assert expected_days(catalog, at("2013-09-05T14:00"), None) == {}


def test_nothing_is_due_before_the_first_scheduled_run(catalog):
    assert "datasets.departures" not in expected_days(catalog, at("2013-09-02T11:29"), BEGAN)
    first = expected_days(catalog, at("2013-09-02T11:30"), BEGAN)["datasets.departures"]
    assert first.day == BEGAN


def test_a_models_tables_are_due_when_the_last_of_its_inputs_is(catalog):
    early = expected_days(catalog, at("2013-09-05T11:29"), BEGAN)
    late = expected_days(catalog, at("2013-09-05T11:30"), BEGAN)
    assert early["features.flight_delay"].day == date(2013, 9, 4)
    assert late["features.flight_delay"].day == date(2013, 9, 5)
    assert late["predictions.flight_delay"].day == date(2013, 9, 5)
    assert late["labels.flight_delay"].day == date(2013, 9, 4)
    assert late["features.flight_delay"].due == at("2013-09-05T11:30")


def test_labels_are_due_when_they_have_matured(catalog):
    name = "flight_delay"
    patient = catalog.model(name).model_copy(update={"label_maturity_days": 7})
    expected = expected_days(
        catalog.model_copy(update={"models": {name: patient}}), at("2013-09-15T14:00"), BEGAN
    )
    assert expected[patient.label_contract.table].day == date(2013, 9, 7)


def test_a_model_that_reads_predictions_is_due_when_they_are(catalog):
    name = "flight_delay"
    other = catalog.model(name).model_copy(update={"name": "a", "inputs": (Input(predictions_of=name),)})
    # The reader comes first, although its input must be computed before it.
    both = catalog.model_copy(update={"models": {"a": other, name: catalog.model(name)}})
    expected = expected_days(both, at("2013-09-05T11:30"), BEGAN)
    assert expected["features.a"] == expected[f"features.{name}"]


@pytest.mark.parametrize(
    ("newest", "overdue"), [(None, True), (date(2013, 9, 3), True), (date(2013, 9, 4), False)]
)
def test_a_table_is_overdue_if_it_lacks_the_expected_day(catalog, newest, overdue):
    dataset = catalog.dataset("departures")
    expected = expected_days(catalog, at("2013-09-05T11:30"), BEGAN)["datasets.departures"]
    judged = judge_freshness(dataset, newest, expected)
    assert (judged.overdue, judged.cron, judged.grace_hours) == (overdue, "30 7 * * *", 4)


def test_a_table_without_an_expected_day_is_not_overdue():
    assert not judge_freshness(None, None, None).overdue


@pytest.mark.parametrize(
    ("now", "day", "due"),
    [
        ("2013-09-09T14:00", date(2013, 9, 7), "2013-09-08T11:30"),
        ("2013-09-10T14:00", date(2013, 9, 9), "2013-09-10T11:30"),
    ],
)
def test_a_dataset_is_not_expected_on_its_closed_days_but_its_models_are(catalog, now, day, due):
    departures = catalog.dataset("departures")
    shut = departures.delivery.model_copy(update={"closed_weekdays": ("Sunday",)})
    datasets = {**catalog.datasets, "departures": departures.model_copy(update={"delivery": shut})}
    found = expected_days(catalog.model_copy(update={"datasets": datasets}), at(now), BEGAN)
    assert (found["datasets.departures"].day, found["datasets.departures"].due) == (day, at(due))
    assert found["features.flight_delay"] == expected_days(catalog, at(now), BEGAN)["features.flight_delay"]
