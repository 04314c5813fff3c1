"""A good night and a broken one, lived by a real scheduler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date

import pytest

from contender.specs import dag_id
from demo import mailbox
from demo.nights import MODEL

pytestmark = pytest.mark.e2e

GOOD, BROKEN = "2013-09-01", "2013-09-02"


def test_every_expectation_of_the_demo_holds(lived):
    assert lived.expectations.failed == []


def test_both_nights_end_with_a_decision_and_scored_flights(lived):
    assert [night.day for night in lived.nights] == [date(2013, 9, 1), date(2013, 9, 2)]
    assert all(night.scored_rows > 500 for night in lived.nights)
    assert all(night.decision.champion_after for night in lived.nights)


def test_only_the_second_night_was_refused(lived):
    assert [night.refused is not None for night in lived.nights] == [False, True]


def test_each_scored_day_is_held_against_its_outcomes(lived):
    for night in lived.nights:
        assert night.monitored is not None
        assert night.monitored.measures is not None
        assert night.monitored.measures.rows > 500


def test_challengers_are_scored_in_the_shadow(lived):
    shadow = lived.world.installation.lake.read(
        lived.world.installation.catalog.model(MODEL).shadow_contract
    ).to_pandas()
    for night in lived.nights:
        assert night.decision.challenger in set(shadow["model_version"])


def test_the_mail_says_what_failed_what_was_done_and_where_to_look(lived):
    (mail,) = mailbox.read(lived.mails)
    assert mail.subject == "[contender] departures 2013-09-02: gate failed on 2 checks"
    assert mail.to == ("flight-data@contender.example",)
    for form in (mail.text, mail.html):
        assert "no two rows share day, carrier, flight, origin" in form
        assert "quarantine" in form
        assert f"{lived.stack.url}/contender/gates/" in form


def test_the_failed_gate_links_to_its_result(lived):
    run = lived.airflow.runs("ingest__departures", BROKEN)[0]
    links = lived.airflow.request(
        "GET", f"/dags/ingest__departures/dagRuns/{run.run_id}/taskInstances/admit.gate/links"
    )
    refused = lived.nights[1].refused
    assert refused is not None
    assert links["extra_links"] == {"Gate result": f"{lived.stack.url}/contender/gates/{refused.id}"}


def test_the_same_day_again_changes_nothing_and_starts_nothing(lived):
    table = lived.world.installation.catalog.dataset("weather").contract.table
    snapshot = lived.world.installation.lake.snapshot(table)
    started = len(lived.airflow.runs(dag_id("features", MODEL)))
    run = lived.airflow.trigger("ingest__weather", partition_key=BROKEN)
    lived.airflow.wait("ingest__weather", run.run_id)
    assert lived.airflow.task_states("ingest__weather", run.run_id)["announce"] == "skipped"
    assert lived.world.installation.lake.snapshot(table) == snapshot
    assert len(lived.airflow.runs(dag_id("features", MODEL))) == started


def test_a_form_that_makes_no_sense_fails_at_once_and_says_why(lived):
    run = lived.airflow.trigger("ingest__weather", conf={"first": "2013-09-02"})
    ended = lived.airflow.wait("ingest__weather", run.run_id, must_succeed=False)
    assert ended.state == "failed"
    log = lived.airflow.task_log("ingest__weather", run.run_id, "land")
    assert "fill in `day`, or both `first` and `last`" in log


def test_a_day_started_by_the_form_alone_is_ingested(lived):
    run = lived.airflow.trigger("ingest__weather", conf={"day": GOOD})
    assert lived.airflow.wait("ingest__weather", run.run_id).state == "success"


def test_status_tells_datasets_and_models_as_json(lived):
    told = subprocess.run(
        [sys.executable, "-m", "contender.cli", "status", "--json"],
        env=os.environ | {"CONTENDER_HOME": str(lived.world.installation.settings.home)},
        capture_output=True,
        text=True,
        check=True,
    )
    status = json.loads(told.stdout)
    departures = next(d for d in status["datasets"] if d["name"] == "departures")
    assert (departures["last_good_day"], departures["last_verdict"]) == (BROKEN, "pass")
    model = next(m for m in status["models"] if m["name"] == "flight_delay")
    assert model["champion"] == lived.nights[-1].decision.champion_after
    assert model["last_night"] == BROKEN
    assert model["last_scored_day"] == "2013-09-03"
