"""The plan of a load: which runs, for which days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contender.loading import LoadError, plan_load
from contender.specs import Days, UnknownNameError

MARCH = Days(first=date(2013, 3, 1), last=date(2013, 3, 31))
SPRING = Days(first=date(2013, 3, 1), last=date(2013, 5, 31))


def test_a_dataset_is_ingested_in_ranges_of_at_most_a_month(catalog):
    plan = plan_load(catalog, "departures", SPRING)
    assert [len(step.days) for step in plan.ingestions] == [30, 31, 31]
    assert {step.dag for step in plan.ingestions} == {"ingest__departures"}
    assert plan.steps == ()


def test_no_part_of_a_range_is_a_single_day_which_would_start_its_night(catalog):
    for length in range(2, 200):
        days = Days(first=SPRING.first, last=SPRING.first + timedelta(days=length - 1))
        assert all(step.form for step in plan_load(catalog, "departures", days).ingestions)


def test_a_single_day_is_the_partition_key_of_its_run(catalog):
    (step,) = plan_load(catalog, "departures", Days.one(MARCH.first)).ingestions
    assert step.form is None


def test_a_model_is_loaded_with_every_dataset_that_it_reads_then_built_trained_and_scored(catalog):
    plan = plan_load(catalog, "flight_delay", MARCH)
    ingested = {step.dag.removeprefix("ingest__") for step in plan.ingestions}
    assert ingested == {source.dataset for source in catalog.model("flight_delay").inputs}
    assert [(step.verb, step.days) for step in plan.steps] == [
        ("features", MARCH),
        ("retrain", Days.one(MARCH.last)),
        ("score", Days.one(MARCH.last)),
    ]


def test_a_dataset_that_is_delivered_ahead_is_loaded_up_to_the_scored_day(catalog):
    plan = plan_load(catalog, "flight_delay", MARCH)
    last = {step.dag: step.days.last for step in plan.ingestions}
    assert last["ingest__schedule"] == MARCH.last + timedelta(days=1)
    assert last["ingest__departures"] == MARCH.last


def test_features_begin_with_the_first_night_whose_labels_are_of_the_history(catalog):
    maturity = catalog.model("household_return").label_maturity_days
    plan = plan_load(catalog, "household_return", MARCH)
    assert plan.steps[0].days.first == MARCH.first + timedelta(days=maturity)


def test_closed_days_are_not_waited_for(catalog):
    spec = catalog.dataset("departures")
    delivery = spec.delivery.model_copy(update={"closed_weekdays": ("Sunday",)})
    closed = catalog.model_copy(
        update={"datasets": catalog.datasets | {spec.name: spec.model_copy(update={"delivery": delivery})}}
    )
    (step,) = plan_load(closed, spec.name, MARCH).ingestions
    assert len(step.fills) == 26


def test_a_repetition_of_the_command_has_the_same_runs(catalog):
    plans = [plan_load(catalog, "flight_delay", SPRING) for _ in range(2)]
    assert plans[0] == plans[1]
    names = [(step.dag, step.name) for step in (*plans[0].ingestions, *plans[0].steps)]
    assert len(set(names)) == len(names)


def test_a_single_day_of_a_model_and_an_unknown_name_are_refused(catalog):
    with pytest.raises(LoadError, match="write FIRST"):
        plan_load(catalog, "flight_delay", Days.one(MARCH.first))
    with pytest.raises(UnknownNameError, match="did you mean 'departures'"):
        plan_load(catalog, "departure", MARCH)
