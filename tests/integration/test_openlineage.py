"""The OpenLineage events of a real run, as Airflow's provider sends them to a lineage catalog."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from contender import embedded_airflow
from contender.lake import Published, open_lake
from contender.records import migrate
from contender.settings import PROJECT, Settings
from contender.specs import Days
from demo import source
from lineage_facets import delivery_name, publication_facets

DAY, BROKEN = date(2013, 9, 1), date(2013, 9, 2)
Event = dict[str, Any]
# Both days run in one process, so that Airflow and Great Expectations are imported once.
RUN_BOTH_DAYS = f"""
from airflow.utils.cli import get_bagged_dag
dag = get_bagged_dag(bundle_names=None, dag_id="ingest__departures")
for day in ("{DAY}", "{BROKEN}"):
    dag.test(run_conf={{"day": day}}, logical_date=None)
"""


@pytest.fixture(scope="module")
def events(tmp_path_factory, prepare_airflow) -> Callable[[str, date, str], Event]:
    """Ingest a good and a broken day of departures; return a function that finds the last event of a task and day."""
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
    env = embedded_airflow.make_environment(home, PROJECT, port=embedded_airflow.free_port(), extra=own)
    prepare_airflow(home / "airflow")
    for day, fault in ((DAY, None), (BROKEN, source.append_rerun)):
        source.drop("departures", [day], here.landing, fault=fault)
    subprocess.run([sys.executable, "-c", RUN_BOTH_DAYS], env=env, capture_output=True, check=True)
    found = [json.loads(line) for line in written.read_text().splitlines()]

    def last(task: str, day: date, state: str) -> Event:
        return next(
            event
            for event in reversed(found)
            if event["job"]["name"] == f"ingest__departures.{task}"
            and event["eventType"] == state
            and event["run"]["facets"]["nominalTime"]["nominalStartTime"] == f"{day}T00:00:00Z"
        )

    return last


def test_a_publication_has_the_delivery_as_input_and_the_table_snapshot_as_output(events, catalog):
    event = events("admit.publish", DAY, "COMPLETE")
    (delivery,), (table,) = event["inputs"], event["outputs"]
    assert delivery["namespace"] == "file"
    assert delivery["name"].endswith("/landing/departures/{day}.csv")
    assert (table["namespace"], table["name"]) == ("contender", "datasets.departures")
    assert int(table["facets"]["version"]["datasetVersion"]) > 0
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == 718


def test_a_table_has_its_schema_owner_and_description(events, catalog):
    facets = events("admit.publish", DAY, "COMPLETE")["outputs"][0]["facets"]
    spec = catalog.dataset("departures")
    fields = [(field["name"], field["type"]) for field in facets["schema"]["fields"]]
    assert fields == [(column.name, column.type) for column in spec.columns]
    assert [owner["name"] for owner in facets["ownership"]["owners"]] == [spec.owner]
    assert facets["documentation"]["description"] == spec.description


def test_a_passed_gate_has_an_assertion_for_each_expectation(events):
    (judged,) = events("admit.gate", DAY, "COMPLETE")["inputs"]
    assertions = judged["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert all(assertion["success"] for assertion in assertions)
    assert "there are 500 to 1300 rows" in [assertion["assertion"] for assertion in assertions]
    assert judged["inputFacets"]["dataQualityMetrics"]["rowCount"] == 718


def test_a_failed_gate_has_its_failed_assertions_but_no_keys(events):
    event = events("admit.gate", BROKEN, "FAIL")
    assertions = event["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    failed = {assertion["assertion"] for assertion in assertions if not assertion["success"]}
    assert failed == {"no two rows share day, carrier, flight, origin", "there are 500 to 1300 rows"}
    assert "failing_keys" not in json.dumps(event)


def test_deliveries_on_s3_are_named_by_their_bucket(catalog):
    assert delivery_name(catalog, "datasets.departures", "s3://raw/flights") == (
        "s3://raw",
        "flights/departures/{day}.csv",
    )
    assert delivery_name(catalog, "datasets.planes", "s3://raw") == ("s3://raw", "planes.csv")


def test_a_table_of_a_model_has_all_its_upstream_datasets_as_inputs(catalog, here):
    labels = catalog.model("flight_delay").label_contract.table
    published = Published(table=labels, days=Days.one(DAY), snapshot=None, rows=3, changed=True)
    event = publication_facets(catalog, published, here)
    inputs = [dataset.name for dataset in event.inputs]
    assert inputs == [f"datasets.{source.dataset}" for source in catalog.model("flight_delay").inputs]
    assert "version" not in event.outputs[0].facets


def test_the_nominal_time_of_a_run_covers_its_business_days(catalog, here):
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
