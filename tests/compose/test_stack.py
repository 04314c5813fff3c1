"""On the stack of docker-compose.yaml, killed processes lose and duplicate nothing."""

from __future__ import annotations

import json
import os
from subprocess import CalledProcessError

import boto3
import pytest
from botocore.config import Config

from contender.specs import dag_id
from demo import mailpit
from tests.compose.conftest import BROKEN, FEATURES, GOOD, RETRAIN, TASKS, compose, docker, secret

OPEN_SESSION = (
    "from pyspark.sql import SparkSession; "
    "SparkSession.builder.master('spark://spark-master:7077').config('spark.ui.enabled', 'false').getOrCreate()"
)


@pytest.fixture(scope="session")
def bucket(stack_run):
    store = boto3.resource(
        "s3",
        endpoint_url=f"http://127.0.0.1:{stack_run.ports['s3']}",
        region_name="us-east-1",
        aws_access_key_id=secret("S3_ACCESS_KEY"),
        aws_secret_access_key=secret("S3_SECRET_KEY"),
        config=Config(proxies={}),
    )
    return store.Bucket("contender")


@pytest.fixture(scope="session")
def cluster(stack_run):
    """The workers and finished jobs, as reported by the Spark master."""
    return json.loads(fetch_inside("http://spark-master:8080/json/"))


def fetch_inside(url: str) -> str:
    """Return the response of a server that is reachable only from the stack's network."""
    program = f"import urllib.request as r; print(r.urlopen('{url}').read().decode())"
    return compose("exec", "-T", "scheduler", "python", "-c", program)


def test_all_checks_of_the_demo_pass(stack_run):
    assert stack_run.status == 0, stack_run.output


@pytest.mark.parametrize(
    "compared",
    [
        "rows of departures equal the source's rows",
        "rows of schedule equal the source's rows",
        "rows of weather equal the source's rows",
        "rows of features equal those built on DuckDB in one process",
        "rows of labels equal those built on DuckDB in one process",
    ],
)
def test_published_rows_were_compared_with_their_origin(stack_run, compared):
    assert compared in stack_run.output


@pytest.mark.parametrize("service", sorted({"scheduler", "spark-worker", TASKS}))
def test_a_killed_process_is_restarted(stack_run, service):
    inspected = docker(
        "inspect", "--format", "{{.RestartCount}} {{.State.Health.Status}}", stack_run.killed[service]
    )
    restarts, health = inspected.split()
    assert int(restarts) >= 1  # the scheduler also restarts when it loses its database
    assert health == "healthy"


def test_training_that_was_killed_with_the_scheduler_was_retried(stack_run):
    tries = stack_run.airflow.request(
        "GET", f"/dags/{RETRAIN}/dagRuns/{stack_run.interrupted['scheduler']}/taskInstances"
    )
    train = next(t for t in tries["task_instances"] if (t["task_id"], t["map_index"]) == ("train", 0))
    assert train["state"] == "success"
    assert train["try_number"] > 1


@pytest.mark.parametrize("component", ["worker", "postgres"])
def test_interrupted_feature_builds_succeeded_on_the_cluster(stack_run, component):
    run = stack_run.interrupted[component]
    assert stack_run.airflow.task_states(FEATURES, run)["build_on_spark"] == "success"
    assert "built on spark" in stack_run.airflow.task_log(FEATURES, run, "build_on_spark")


def test_datasets_are_announced_one_at_a_time(stack_run):
    """On Postgres, Airflow may create a separate night for each of two concurrent announcements, and start neither."""
    assert stack_run.airflow.request("GET", "/pools/announcements")["slots"] == 1
    for dataset in ("departures", "schedule", "weather"):
        run = stack_run.airflow.runs(dag_id("ingest", dataset))[-1]
        task = stack_run.airflow.request(
            "GET", f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/announce"
        )
        assert task["pool"] == "announcements"


def test_no_more_tasks_are_queued_than_can_run(stack_run):
    assert stack_run.airflow.request("GET", "/pools/default_pool")["slots"] == 4


def test_loads_leave_slots_to_the_night(stack_run):
    assert stack_run.airflow.request("GET", "/pools/ranges")["slots"] == 2
    run = next(run for run in stack_run.airflow.runs(dag_id("ingest", "weather")) if "first" in run.conf)
    tasks = stack_run.airflow.request("GET", f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances")
    pools = {task["pool"] for task in tasks["task_instances"] if task["task_id"] != "announce"}
    assert pools == {"ranges"}


def test_both_workers_are_alive_again(cluster):
    alive = [worker for worker in cluster["workers"] if worker["state"] == "ALIVE"]
    assert len(alive) == 2


def test_a_driver_needs_the_secret_of_the_cluster(stack_run):
    compose("exec", "-T", "scheduler", "timeout", "120", "python", "-c", OPEN_SESSION)
    guess = ("-e", "_SPARK_AUTH_SECRET=guessed")
    with pytest.raises(CalledProcessError):
        compose("exec", "-T", *guess, "scheduler", "timeout", "40", "python", "-c", OPEN_SESSION)


def test_the_cluster_accepts_no_jobs_over_http(stack_run):
    connect = "import socket; socket.create_connection(('spark-master', {}), 5)"
    compose("exec", "-T", "scheduler", "python", "-c", connect.format(7077))
    with pytest.raises(CalledProcessError) as refused:
        compose("exec", "-T", "scheduler", "python", "-c", connect.format(6066))
    assert "ConnectionRefusedError" in refused.value.stderr


def test_the_cluster_built_history_and_both_nights(cluster):
    finished = [job["name"] for job in cluster["completedapps"] if job["state"] == "FINISHED"]
    assert finished.count("contender-features") >= 3


def test_all_stored_files_are_on_s3(bucket):
    for prefix, suffix in (
        (f"landing/departures/{GOOD}", ".csv"),
        ("lake/", ".parquet"),
        ("batches/quarantine/", ".parquet"),
        ("artifacts/", ".skops"),
        ("reports/", ".html"),
    ):
        assert any(found.key.endswith(suffix) for found in bucket.objects.filter(Prefix=prefix)), prefix


def test_one_mail_reports_the_broken_delivery(stack_run):
    mails = mailpit.read(f"http://127.0.0.1:{stack_run.ports['mailpit']}")
    assert [(mail.subject, mail.to) for mail in mails] == [
        (
            f"[contender] departures {BROKEN}: gate failed on 2 checks",
            ("flight-data@contender.example",),
        )
    ]


def test_only_pages_mail_and_s3_are_published_on_the_local_host(stack_run):
    services = [json.loads(line) for line in compose("ps", "--format", "json").splitlines()]
    published = {
        (each["Service"], p["URL"])
        for each in services
        for p in each["Publishers"] or ()
        if p["PublishedPort"]
    }
    assert published == {("api-server", "127.0.0.1"), ("mailpit", "127.0.0.1"), ("s3", "127.0.0.1")}


@pytest.mark.skipif(
    os.environ.get("METRICS") != "True", reason="METRICS=True make test-compose has Prometheus"
)
@pytest.mark.parametrize(
    "measure",
    [
        "airflow_ti_finish",
        "airflow_dagrun_duration_success_count",
        "airflow_task_duration_bucket",
        "airflow_pool_open_slots",
        "airflow_scheduler_heartbeat",
        "airflow_dag_processor_heartbeat",
        "airflow_triggerer_heartbeat",
        "airflow_dag_processing_import_errors",
    ],
)
def test_prometheus_has_the_metrics_of_the_dashboard(stack_run, measure):
    result = json.loads(fetch_inside(f"http://prometheus:9090/api/v1/query?query={measure}"))
    assert result["data"]["result"]
