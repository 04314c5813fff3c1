"""The DAGs as Airflow loads them: complete, documented, with owners and alerts, and fast to parse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DagRunInfo, TimeRestriction
from airflow.timetables.trigger import CronPartitionTimetable

from contender.settings import PROJECT
from contender.specs import read_deadlines, task_priority
from demo.__main__ import describe_next_night

FILES = sorted((PROJECT / "dags").glob("*.py"))
HEAVY = (
    "pandas",
    "pyarrow",
    "sklearn",
    "mlflow",
    "great_expectations",
    "evidently",
    "pyspark",
    "pyiceberg",
    "duckdb",
)


def timetable_of(dag: DAG) -> CronPartitionTimetable:
    """Return the timetable in the scheduler's form."""
    return coerce_to_core_timetable(dag.timetable)


@pytest.fixture(scope="session")
def dags() -> dict[str, DAG]:
    bag = DagBag(str(PROJECT / "dags"))
    assert bag.import_errors == {}
    return bag.dags


def test_every_dataset_and_model_has_its_dags(dags, catalog):
    expected = {f"ingest__{name}" for name in catalog.datasets}
    expected |= {
        f"{verb}__{name}" for name in catalog.models for verb in ("features", "score", "retrain", "monitor")
    }
    expected |= {f"{verb}__{name}" for name in catalog.models for verb in ("rollback", "feasibility")}
    assert {name for name in dags if not name.startswith("operations__")} == expected


def test_every_dag_can_be_serialized(dags):
    for dag in dags.values():
        assert DagSerialization.to_dict(dag)["dag"]["dag_id"] == dag.dag_id


def test_every_dag_has_docs_description_tags_and_one_active_run(dags):
    for dag in dags.values():
        assert dag.doc_md, dag.dag_id
        assert dag.description, dag.dag_id
        assert dag.tags, dag.dag_id
        assert dag.max_active_runs == 1, dag.dag_id


def test_every_task_has_an_owner_retries_with_backoff_a_timeout_and_an_alert(dags):
    for dag in dags.values():
        for task in dag.tasks:
            where = f"{dag.dag_id}.{task.task_id}"
            assert "@" in task.owner, where
            assert task.retries >= 3, where
            assert task.retry_exponential_backoff == 2.0, where
            assert task.has_retry_policy, where
            assert task.execution_timeout is not None, where
            assert task.on_failure_callback, where


def test_every_task_has_the_priority_of_its_dag_whatever_follows_it(dags, catalog):
    deadlines = read_deadlines(catalog)
    for dag in dags.values():
        for task in dag.tasks:
            assert task.weight_rule == "absolute", task.task_id
            assert task.priority_weight == task_priority(dag.dag_id, deadlines), task.task_id


def test_land_retries_until_the_end_of_the_grace_period(dags, catalog):
    for name, spec in catalog.datasets.items():
        land = dags[f"ingest__{name}"].get_task("land")
        pause, waited = land.retry_delay, timedelta(0)
        for _ in range(land.retries):
            waited += min(pause, land.max_retry_delay)
            pause *= land.retry_exponential_backoff
        assert waited >= timedelta(hours=spec.delivery.grace_hours), name


def test_every_nightly_dag_can_be_started_for_a_day_or_a_range(dags):
    for dag in dags.values():
        if not dag.dag_id.startswith(("operations__", "rollback__", "feasibility__")):
            assert {"day", "first", "last"} <= set(dag.params), dag.dag_id


def test_no_task_has_a_copy_of_its_dags_parameters(dags):
    """Airflow validates each copy at every parse, which takes most of the time with hundreds of DAGs."""
    for dag in dags.values():
        for task in dag.tasks:
            assert not set(task.params) & set(dag.params), f"{dag.dag_id}.{task.task_id}"


def test_every_publish_task_is_downstream_of_a_gate(dags):
    for dag in dags.values():
        for task in dag.tasks:
            if task.task_id.endswith("publish"):
                gate = task.task_id.removesuffix("publish") + "gate"
                assert gate in task.upstream_task_ids, f"{dag.dag_id}.{task.task_id}"


def test_the_gate_links_to_its_result(dags):
    gate = dags["ingest__departures"].get_task("admit.gate")
    assert [link.name for link in gate.operator_extra_links] == ["Gate result"]


@pytest.mark.parametrize("verb", ["score", "retrain", "monitor"])
def test_scoring_training_and_monitoring_start_on_features(dags, verb):
    assert dags[f"{verb}__flight_delay"].timetable.asset_condition.name == "features.flight_delay"


@pytest.mark.parametrize(
    ("dataset", "last_run", "next_run", "key"),
    [
        ("departures", "2013-09-01T07:30Z", "2013-09-02T07:30Z", "2013-09-01"),
        ("weather", "2013-09-01T07:15Z", "2013-09-02T07:15Z", "2013-09-01"),
        ("schedule", "2013-09-01T07:00Z", "2013-09-02T07:00Z", "2013-09-02"),
    ],
)
def test_cron_runs_have_the_partition_key_of_their_day(dags, dataset, last_run, next_run, key):
    info = timetable_of(dags[f"ingest__{dataset}"]).next_dagrun_info_v2(
        last_dagrun_info=DagRunInfo(
            run_after=datetime.fromisoformat(last_run),
            data_interval=None,
            partition_date=None,
            partition_key=None,
        ),
        restriction=TimeRestriction(earliest=None, latest=None, catchup=True),
    )
    assert info is not None
    assert info.run_after == datetime.fromisoformat(next_run)
    assert info.partition_key == key


@pytest.mark.parametrize("dataset", ["departures", "weather", "schedule"])
def test_cron_starts_with_the_first_night_and_catches_up(dags, catalog, dataset):
    dag = dags[f"ingest__{dataset}"]
    first = timetable_of(dag).next_dagrun_info_v2(
        last_dagrun_info=None, restriction=TimeRestriction(dag.start_date, latest=None, catchup=dag.catchup)
    )
    lead = timedelta(days=catalog.dataset(dataset).delivery.lead_days)
    assert dag.catchup
    assert date.fromisoformat(first.partition_key) - lead == date(2013, 9, 1)


def test_a_correction_starts_a_night_that_waits_for_several_inputs_again(dags):
    for dataset in ("departures", "weather", "schedule"):
        repeat = dags[f"ingest__{dataset}"].get_task("repeat_night_of_flight_delay")
        assert repeat.trigger_dag_id == "features__flight_delay"
        assert repeat.upstream_task_ids == {"announce", "admit.publish"}


def test_a_night_of_one_daily_input_starts_again_by_its_announcement(dags):
    assert not [task for task in dags["ingest__transactions"].task_ids if task.startswith("repeat")]


def test_every_field_that_the_page_of_a_dag_names_is_in_its_form(dags):
    for dag in dags.values():
        titles = {dag.params.get_param(name).schema.get("title") for name in dag.params}
        manual = [line for line in (dag.doc_md or "").split("\n- ") if line.startswith("Manual runs:")]
        named = set(re.findall(r"\*([A-Z][^*]+)\*", " ".join(manual)))
        assert named <= titles | {"Partition Key"}, dag.dag_id  # Airflow's own field of scheduled DAGs


def test_the_demo_names_a_field_that_the_forms_of_its_dags_have(dags):
    told = describe_next_night(date(2013, 9, 3))
    assert "fill in *Day*" in told
    assert re.findall(r"(ingest__\w+) with ([\d-]+)", told) == [
        ("ingest__departures", "2013-09-03"),
        ("ingest__weather", "2013-09-03"),
        ("ingest__schedule", "2013-09-04"),
    ]
    for name in re.findall(r"ingest__\w+", told):
        assert dags[name].params.get_param("day").schema["title"] == "Day"


def test_all_inputs_of_a_night_are_mapped_to_one_key(dags):
    mappers = dags["features__flight_delay"].timetable.partition_mapper_config
    keys = {
        "datasets.departures": "2013-09-01",
        "datasets.weather": "2013-09-01",
        "datasets.schedule": "2013-09-02",
    }
    met = {asset.name: mapper.to_downstream(keys[asset.name]) for asset, mapper in mappers.items()}
    assert met == dict.fromkeys(keys, "2013-09-01")


PARSE_EACH_IN_A_FORK = f"""
import json, os, sys, time
sys.path[:0] = {[str(PROJECT / "plugins"), str(PROJECT / "include")]!r}
import airflow.sdk
from airflow.sdk import CronPartitionTimetable
before = set(sys.modules)
for path in sys.argv[1:]:
    if os.fork() == 0:
        began = time.process_time()
        exec(compile(open(path).read(), path, "exec"), {{"__name__": "dag", "__doc__": "x"}})
        took = time.process_time() - began
        heavy = sorted(name for name in {HEAVY!r} if name in set(sys.modules) - before)
        print(json.dumps([path, took, heavy]), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def parsed() -> dict[str, tuple[float, list[str]]]:
    """The CPU seconds and heavy imports of each DAG file, parsed in a process that has loaded Airflow."""
    command = [sys.executable, "-c", PARSE_EACH_IN_A_FORK, *map(str, FILES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(lines) == len(FILES), done.stderr[-2000:]
    return {path: (took, heavy) for path, took, heavy in lines}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_dag_file_is_parsed_in_two_seconds_without_heavy_imports(parsed, path: Path):
    took, heavy = parsed[str(path)]
    assert heavy == []
    assert took < 2
