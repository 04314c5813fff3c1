"""A good night and a night with a bad delivery, run by a real scheduler."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from itertools import accumulate
from pathlib import Path

import pytest

from contender.accounting import read_account
from contender.embedded_airflow import mailbox
from contender.embedded_airflow.environment import SLOTS
from contender.specs import dag_id
from demo.nights import FOLLOWING, MODEL

pytestmark = pytest.mark.e2e

GOOD, BROKEN = "2013-09-01", "2013-09-02"


def test_every_check_of_the_demo_passes(demo_run):
    assert demo_run.expectations.failed == []


def test_both_nights_end_with_a_decision_and_scored_flights(demo_run):
    assert [night.day for night in demo_run.nights] == [date(2013, 9, 1), date(2013, 9, 2)]
    assert all(night.scored_rows > 500 for night in demo_run.nights)
    assert all(night.decision.champion_after for night in demo_run.nights)


def test_only_the_second_nights_delivery_failed_its_gate(demo_run):
    assert [night.refused is not None for night in demo_run.nights] == [False, True]


def test_each_scored_day_is_compared_with_its_outcomes(demo_run):
    for night in demo_run.nights:
        assert night.monitored is not None
        assert night.monitored.measures is not None
        assert night.monitored.measures.rows > 500


def test_each_ended_task_of_a_night_has_recorded_what_it_used(demo_run):
    dag = dag_id("retrain", MODEL)
    (run,) = [run for run in demo_run.airflow.runs(dag) if run.partition_key == GOOD]
    ended = {
        task for task, state in demo_run.airflow.task_states(dag, run.run_id).items() if state == "success"
    }
    uses = [
        one for one in demo_run.world.installation.book.task_uses.newest(MODEL, 1000) if one.run == run.run_id
    ]
    assert sorted(one.task for one in uses) == sorted(task.partition("[")[0] for task in ended)
    assert {one.night for one in uses} == {date(2013, 9, 1)}
    assert all(one.cpu_seconds > 0 and one.wall_seconds > 0 and one.peak_bytes > 10**7 for one in uses)


def test_each_scored_day_is_valued_beside_its_baseline(demo_run):
    days = demo_run.world.installation.book.returns.since(MODEL, date(2013, 9, 1))
    assert [one.day for one in days] == [date(2013, 9, 1), date(2013, 9, 2)]
    assert all(one.baseline_value is not None and one.value != one.baseline_value for one in days)


def test_cost_states_what_a_night_costs_and_a_day_returns(demo_run):
    found = read_account(
        demo_run.world.installation, demo_run.world.installation.catalog.model(MODEL), date(2013, 9, 1)
    )
    assert {step.verb for step in found.steps} == {"ingest", "features", "retrain", "score", "monitor"}
    assert (found.nights, found.days) == (2, 2)
    assert found.cost is not None
    assert found.cost > 0


def test_challengers_are_scored_in_shadow(demo_run):
    shadow = demo_run.world.installation.lake.read(
        demo_run.world.installation.catalog.model(MODEL).shadow_contract
    ).to_pandas()
    for night in demo_run.nights:
        assert night.decision.challenger in set(shadow["model_version"])


def test_the_mail_contains_failed_checks_quarantine_and_link(demo_run):
    (mail,) = mailbox.read(demo_run.mails)
    assert mail.subject == "[contender] departures 2013-09-02: gate failed on 2 checks"
    assert mail.to == ("flight-data@contender.example",)
    for form in (mail.text, mail.html):
        assert "no two rows share day, carrier, flight, origin" in form
        assert "quarantine" in form
        assert f"{demo_run.stack.url}/contender/gates/" in form


def test_four_clicks_lead_from_the_mail_to_the_corrected_delivery(demo_run, person):
    """The mail's link, the page's link to the DAG, *Trigger*, and *Trigger* below the form with the day."""
    (mail,) = mailbox.read(demo_run.mails)
    (gate,) = set(re.findall(r'href="[^"]*(/contender/gates/[^"]+)"', mail.html))
    page = person.get(gate)
    assert "superseded" in page.text
    (dag,) = set(re.findall(r'href="/dags/(ingest__[^"/]+)"', page.text))
    details = demo_run.airflow.request("GET", f"/dags/{dag}/details")
    assert (details["is_paused"], details["params"]["day"]["schema"]["title"]) == (False, "Day")
    assert [run.state for run in demo_run.airflow.runs(dag, BROKEN)] == ["failed", "success"]


def test_the_failed_gate_links_to_its_result(demo_run):
    run = demo_run.airflow.runs("ingest__departures", BROKEN)[0]
    links = demo_run.airflow.request(
        "GET", f"/dags/ingest__departures/dagRuns/{run.run_id}/taskInstances/admit.gate/links"
    )
    refused = demo_run.nights[1].refused
    assert refused is not None
    assert links["extra_links"] == {"Gate result": f"{demo_run.stack.url}/contender/gates/{refused.id}"}


def test_repeating_a_day_changes_nothing_and_starts_nothing(demo_run):
    table = demo_run.world.installation.catalog.dataset("weather").contract.table
    snapshot = demo_run.world.installation.lake.snapshot(table)
    started = len(demo_run.airflow.runs(dag_id("features", MODEL)))
    run = demo_run.airflow.trigger("ingest__weather", partition_key=BROKEN)
    demo_run.airflow.wait("ingest__weather", run.run_id)
    assert demo_run.airflow.task_states("ingest__weather", run.run_id)["announce"] == "skipped"
    assert demo_run.world.installation.lake.snapshot(table) == snapshot
    assert len(demo_run.airflow.runs(dag_id("features", MODEL))) == started


def test_an_invalid_form_fails_the_run_with_an_explanation(demo_run):
    run = demo_run.airflow.trigger("ingest__weather", conf={"first": "2013-09-02"})
    ended = demo_run.airflow.wait("ingest__weather", run.run_id, must_succeed=False)
    assert ended.state == "failed"
    log = demo_run.airflow.task_log("ingest__weather", run.run_id, "land")
    assert "fill in `day`, or both `first` and `last`" in log


def test_a_day_can_be_ingested_by_the_form(demo_run):
    run = demo_run.airflow.trigger("ingest__weather", conf={"day": GOOD})
    assert demo_run.airflow.wait("ingest__weather", run.run_id).state == "success"


def test_status_prints_datasets_and_models_as_json(demo_run):
    done = subprocess.run(
        [sys.executable, "-m", "contender.cli", "status", "--json"],
        env=os.environ | {"CONTENDER_HOME": str(demo_run.world.installation.settings.home)},
        capture_output=True,
        text=True,
        check=True,
    )
    status = json.loads(done.stdout)
    departures = next(d for d in status["datasets"] if d["name"] == "departures")
    assert (departures["last_good_day"], departures["last_verdict"]) == (BROKEN, "pass")
    model = next(m for m in status["models"] if m["name"] == "flight_delay")
    assert model["champion"] == demo_run.nights[-1].decision.champion_after
    assert model["last_night"] == BROKEN
    assert model["last_scored_day"] == "2013-09-03"


# Last: it starts the night again.
def test_a_corrected_newest_day_builds_the_features_of_its_night_again(demo_run):
    here, features = demo_run.world.installation, dag_id("features", MODEL)
    for verb in FOLLOWING:  # nothing waits for the rest of the night, which would run beside the next tests
        demo_run.airflow.request("PATCH", f"/dags/{dag_id(verb, MODEL)}", json={"is_paused": True})
    delivered = Path(here.settings.landing) / "weather" / f"{BROKEN}.csv"
    delivered.write_text("\n".join(delivered.read_text().splitlines()[:-1]) + "\n")  # one hour fewer
    run = demo_run.airflow.trigger("ingest__weather", conf={"day": BROKEN})
    demo_run.airflow.wait("ingest__weather", run.run_id)
    states = demo_run.airflow.task_states("ingest__weather", run.run_id)
    assert states[f"repeat_night_of_{MODEL}"] == "success"
    (repeated,) = [r for r in demo_run.airflow.runs(features) if r.conf.get("day") == str(BROKEN)]
    assert demo_run.airflow.wait(features, repeated.run_id).state == "success"


def test_only_tasks_of_ranges_are_in_their_pool(demo_run):
    dag = dag_id("ingest", "weather")
    pools: dict[bool, set[str]] = {}
    for run in demo_run.airflow.runs(dag):
        is_range = bool(run.conf.get("first") and run.conf.get("last"))
        tasks = demo_run.airflow.request("GET", f"/dags/{dag}/dagRuns/{run.run_id}/taskInstances")
        pools.setdefault(is_range, set()).update(task["pool"] for task in tasks["task_instances"])
    assert pools == {True: {"ranges"}, False: {"default_pool"}}


def test_tasks_beyond_the_slots_wait_by_priority_and_not_in_the_executors_queue(demo_run):
    tasks = demo_run.airflow.tasks(pool="default_pool")
    assert len(tasks) > 100
    tasks = [task for task in tasks if task["queued_when"] and task["end_date"]]
    changes = sorted(
        change for task in tasks for change in ((task["end_date"], -1), (task["queued_when"], 1))
    )
    at_once = list(accumulate(change for _, change in changes))
    assert max(at_once) == SLOTS
