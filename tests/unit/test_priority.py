"""The task that runs first, of several that wait."""

from __future__ import annotations

from datetime import time

from hypothesis import given
from hypothesis import strategies as st

from contender.settings import PROJECT
from contender.specs import dag_id, load_catalog, read_deadlines, task_priority


def test_what_predictions_wait_for_runs_before_training_of_a_model_with_an_earlier_deadline():
    deadlines = {"early": 60, "late": 600}
    waiting = ["retrain__early", "monitor__early", "ingest__late", "features__late", "score__late"]
    assert ordered(waiting, deadlines) == [
        "score__late",
        "features__late",
        "ingest__late",
        "monitor__early",
        "retrain__early",
    ]


@given(first=st.integers(0, 2 * 24 * 60 - 1), later=st.integers(0, 2 * 24 * 60 - 1))
def test_the_earlier_deadline_runs_first_at_every_stage(first, later):
    first, later = sorted((first, later))
    deadlines = {"first": first, "later": later + 1}
    for stage in ("ingest", "features", "score"):
        for other in ("ingest", "features", "score"):
            assert task_priority(dag_id(stage, "first"), deadlines) > task_priority(
                dag_id(other, "later"), deadlines
            )


def test_a_model_without_a_deadline_comes_after_those_with_one():
    assert ordered(["score__none", "ingest__some"], {"some": 2000}) == ["ingest__some", "score__none"]


def test_mails_incidents_and_roll_backs_come_first_and_upkeep_last():
    dags = ["operations__upkeep", "ingest__a", "operations__incidents", "retrain__a"]
    assert ordered(dags, {"a": 0}) == [
        "operations__incidents",
        "ingest__a",
        "retrain__a",
        "operations__upkeep",
    ]
    assert task_priority("rollback__a", {}) == task_priority("operations__incidents", {})


def test_inputs_have_the_deadline_of_the_first_model_that_waits_for_them():
    catalog = load_catalog(PROJECT / "include" / "catalog")
    flights = catalog.model("flight_delay").model_copy(
        update={"scored_by": time(5), "scored_by_zone": "America/New_York"}
    )
    deadlines = read_deadlines(catalog.model_copy(update={"models": {"flight_delay": flights}}))
    assert deadlines == dict.fromkeys(["flight_delay", *(one.name for one in flights.inputs)], 10 * 60)


def ordered(dags, deadlines):
    return sorted(dags, key=lambda dag: -task_priority(dag, deadlines))
