"""The stack of docker-compose.yaml, while its processes are killed: nothing is lost, nothing is there twice."""

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
def bucket(lived):
    store = boto3.resource(
        "s3",
        endpoint_url=f"http://127.0.0.1:{lived.ports['s3']}",
        region_name="us-east-1",
        aws_access_key_id=secret("S3_ACCESS_KEY"),
        aws_secret_access_key=secret("S3_SECRET_KEY"),
        config=Config(proxies={}),
    )
    return store.Bucket("contender")


@pytest.fixture(scope="session")
def cluster(lived):
    """What the master of Spark tells of its workers and of the jobs that ended."""
    return json.loads(asked_inside("http://spark-master:8080/json/"))


def asked_inside(url: str) -> str:
    """What a server answers that only the stack's own network sees."""
    ask = f"import urllib.request as r; print(r.urlopen('{url}').read().decode())"
    return compose("exec", "-T", "scheduler", "python", "-c", ask)


def test_every_expectation_of_the_demo_holds(lived):
    assert lived.status == 0, lived.said


@pytest.mark.parametrize(
    "compared",
    [
        "rows of departures are the source's own",
        "rows of schedule are the source's own",
        "rows of weather are the source's own",
        "rows of features are those that DuckDB builds in one process",
        "rows of labels are those that DuckDB builds in one process",
    ],
)
def test_published_rows_were_compared_with_their_origin(lived, compared):
    assert compared in lived.said


@pytest.mark.parametrize("service", sorted({"scheduler", "spark-worker", TASKS}))
def test_a_killed_process_is_started_again(lived, service):
    told = docker("inspect", "--format", "{{.RestartCount}} {{.State.Health.Status}}", lived.killed[service])
    restarts, health = told.split()
    assert int(restarts) >= 1  # the scheduler starts once more, when it has lost its database
    assert health == "healthy"


def test_training_that_died_with_the_scheduler_was_tried_again(lived):
    tries = lived.airflow.request(
        "GET", f"/dags/{RETRAIN}/dagRuns/{lived.interrupted['scheduler']}/taskInstances"
    )
    train = next(t for t in tries["task_instances"] if (t["task_id"], t["map_index"]) == ("train", 0))
    assert train["state"] == "success"
    assert train["try_number"] > 1


@pytest.mark.parametrize("done", ["worker", "postgres"])
def test_features_were_built_on_the_cluster_all_the_same(lived, done):
    run = lived.interrupted[done]
    assert lived.airflow.task_states(FEATURES, run)["build_on_spark"] == "success"
    assert "built on spark" in lived.airflow.task_log(FEATURES, run, "build_on_spark")


def test_datasets_are_announced_one_at_a_time(lived):
    """On Postgres, Airflow may count two announcements of one moment for a night each, and start neither."""
    assert lived.airflow.request("GET", "/pools/announcements")["slots"] == 1
    for dataset in ("departures", "schedule", "weather"):
        run = lived.airflow.runs(dag_id("ingest", dataset))[-1]
        told = lived.airflow.request("GET", f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/announce")
        assert told["pool"] == "announcements"


def test_both_workers_serve_again(cluster):
    alive = [worker for worker in cluster["workers"] if worker["state"] == "ALIVE"]
    assert len(alive) == 2


def test_a_driver_with_the_secret_gets_an_answer_and_one_that_guesses_gets_none(lived):
    compose("exec", "-T", "scheduler", "timeout", "120", "python", "-c", OPEN_SESSION)
    guess = ("-e", "_SPARK_AUTH_SECRET=guessed")
    with pytest.raises(CalledProcessError):
        compose("exec", "-T", *guess, "scheduler", "timeout", "40", "python", "-c", OPEN_SESSION)


def test_no_job_is_taken_by_http(lived):
    connect = "import socket; socket.create_connection(('spark-master', {}), 5)"
    compose("exec", "-T", "scheduler", "python", "-c", connect.format(7077))
    with pytest.raises(CalledProcessError) as refused:
        compose("exec", "-T", "scheduler", "python", "-c", connect.format(6066))
    assert "ConnectionRefusedError" in refused.value.stderr


def test_the_cluster_built_history_and_both_nights(cluster):
    finished = [job["name"] for job in cluster["completedapps"] if job["state"] == "FINISHED"]
    assert finished.count("contender-features") >= 3


def test_everything_that_is_kept_is_on_s3(bucket):
    for prefix, suffix in (
        (f"landing/departures/{GOOD}", ".csv"),
        ("lake/", ".parquet"),
        ("batches/quarantine/", ".parquet"),
        ("artifacts/", ".skops"),
        ("reports/", ".html"),
    ):
        assert any(found.key.endswith(suffix) for found in bucket.objects.filter(Prefix=prefix)), prefix


def test_one_mail_tells_of_the_broken_delivery(lived):
    mails = mailpit.read(f"http://127.0.0.1:{lived.ports['mailpit']}")
    assert [(mail.subject, mail.to) for mail in mails] == [
        (
            f"[contender] departures {BROKEN}: gate failed on 2 checks",
            ("flight-data@contender.example",),
        )
    ]


def test_only_pages_mail_and_s3_are_published_and_on_this_machine_alone(lived):
    told = [json.loads(line) for line in compose("ps", "--format", "json").splitlines()]
    published = {
        (each["Service"], p["URL"]) for each in told for p in each["Publishers"] or () if p["PublishedPort"]
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
def test_prometheus_has_what_the_dashboard_asks(lived, measure):
    told = json.loads(asked_inside(f"http://prometheus:9090/api/v1/query?query={measure}"))
    assert told["data"]["result"]
