"""What goes out to a lineage catalogue: the events of a real run, as Airflow's provider writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from contender.lake import Published, open_lake
from contender.records import migrate
from contender.settings import PROJECT, Settings
from contender.specs import Days
from demo import source, stack
from lineage_facets import delivery_name, publication_facets

DAY, BROKEN = date(2013, 9, 1), date(2013, 9, 2)
Told = dict[str, Any]
# Both days in one process: each would otherwise import Airflow and Great Expectations anew.
LIVE = f"""
from airflow.utils.cli import get_bagged_dag
dag = get_bagged_dag(bundle_names=None, dag_id="ingest__departures")
for day in ("{DAY}", "{BROKEN}"):
    dag.test(run_conf={{"day": day}}, logical_date=None)
"""


@pytest.fixture(scope="module")
def events(tmp_path_factory) -> Callable[[str, date, str], Told]:
    """Two days of departures, a good one and a broken one; then the last event of a task of a day."""
    home = tmp_path_factory.mktemp("openlineage")
    here = Settings(home=home / "contender")
    migrate(here.records)
    open_lake(here)
    written = home / "events.jsonl"
    transport = {"type": "file", "log_file_path": str(written), "append": True}
    own = {
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
        "CONTENDER_HOME": str(here.home),
        "CONTENDER_NIGHTLY_FROM": "",
        "PYTHONPATH": str(PROJECT / "include"),
    }
    env = stack.environment(home, PROJECT, port=stack.free_port(), extra=own)
    airflow = [sys.executable, "-m", "airflow"]
    subprocess.run([*airflow, "db", "migrate"], env=env, capture_output=True, check=True)
    for day, fault in ((DAY, None), (BROKEN, source.append_rerun)):
        source.drop("departures", [day], here.landing, fault=fault)
    subprocess.run([sys.executable, "-c", LIVE], env=env, capture_output=True, check=True)
    found = [json.loads(line) for line in written.read_text().splitlines()]

    def last(task: str, day: date, state: str) -> Told:
        return next(
            event
            for event in reversed(found)
            if event["job"]["name"] == f"ingest__departures.{task}"
            and event["eventType"] == state
            and event["run"]["facets"]["nominalTime"]["nominalStartTime"] == f"{day}T00:00:00Z"
        )

    return last


def test_a_publication_leads_from_the_delivery_to_a_snapshot_of_the_table(events, catalog):
    event = events("admit.publish", DAY, "COMPLETE")
    (delivery,), (table,) = event["inputs"], event["outputs"]
    assert delivery["namespace"] == "file"
    assert delivery["name"].endswith("/landing/departures/{day}.csv")
    assert (table["namespace"], table["name"]) == ("contender", "datasets.departures")
    assert int(table["facets"]["version"]["datasetVersion"]) > 0
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == 718


def test_a_table_is_told_with_its_schema_owner_and_description(events, catalog):
    facets = events("admit.publish", DAY, "COMPLETE")["outputs"][0]["facets"]
    spec = catalog.dataset("departures")
    told = [(field["name"], field["type"]) for field in facets["schema"]["fields"]]
    assert told == [(column.name, column.type) for column in spec.columns]
    assert [owner["name"] for owner in facets["ownership"]["owners"]] == [spec.owner]
    assert facets["documentation"]["description"] == spec.description


def test_a_gate_tells_each_promise_and_that_it_held(events):
    (judged,) = events("admit.gate", DAY, "COMPLETE")["inputs"]
    held = judged["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert all(assertion["success"] for assertion in held)
    assert "there are 500 to 1300 rows" in [assertion["assertion"] for assertion in held]
    assert judged["inputFacets"]["dataQualityMetrics"]["rowCount"] == 718


def test_a_failed_gate_tells_what_did_not_hold_but_no_keys(events):
    event = events("admit.gate", BROKEN, "FAIL")
    assertions = event["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    broken = {assertion["assertion"] for assertion in assertions if not assertion["success"]}
    assert broken == {"no two rows share day, carrier, flight, origin", "there are 500 to 1300 rows"}
    assert "failing_keys" not in json.dumps(event)


def test_deliveries_on_s3_are_named_by_their_bucket(catalog):
    assert delivery_name(catalog, "datasets.departures", "s3://raw/flights") == (
        "s3://raw",
        "flights/departures/{day}.csv",
    )
    assert delivery_name(catalog, "datasets.planes", "s3://raw") == ("s3://raw", "planes.csv")


def test_a_models_tables_are_told_with_all_that_they_are_made_from(catalog, here):
    labels = catalog.model("flight_delay").label_contract.table
    published = Published(table=labels, days=Days.one(DAY), snapshot=None, rows=3, changed=True)
    told = publication_facets(catalog, published, here)
    inputs = [dataset.name for dataset in told.inputs]
    assert inputs == [f"datasets.{source.dataset}" for source in catalog.model("flight_delay").inputs]
    assert "version" not in told.outputs[0].facets


def test_a_run_is_about_its_business_days(catalog, here):
    september = Days(first=DAY, last=date(2013, 9, 30))
    published = Published(table="datasets.weather", days=september, snapshot=1, rows=3, changed=True)
    nominal = publication_facets(catalog, published, here).run_facets["nominalTime"]
    assert nominal.nominalStartTime == "2013-09-01T00:00:00Z"
    assert nominal.nominalEndTime == "2013-10-01T00:00:00Z"


def test_personal_data_is_tagged(catalog, here):
    weather = catalog.dataset("weather")
    columns = tuple(c.model_copy(update={"pii": c.name == "origin"}) for c in weather.columns)
    marked = weather.model_copy(update={"columns": columns})
    known = catalog.model_copy(update={"datasets": {**catalog.datasets, "weather": marked}})
    published = Published(table="datasets.weather", days=Days.one(DAY), snapshot=1, rows=3, changed=True)
    tags = publication_facets(known, published, here).outputs[0].facets["tags"].tags
    assert [(tag.field, tag.key) for tag in tags] == [("origin", "pii")]
