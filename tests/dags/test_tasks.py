"""Every task's code runs in Airflow, in this process, on a small real installation: no scheduler, no mocks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

import wiring
from contender.embedded_airflow import mailbox
from contender.records import FitVerdict, migrate, open_book
from contender.settings import PROJECT, settings
from contender.specs import Cadence, Days, load_catalog
from demo import source

FIRST, NIGHT = date(2013, 7, 20), date(2013, 9, 1)
HISTORY = {"first": str(FIRST), "last": str(NIGHT)}
LANDED = Days(first=FIRST, last=date(2013, 9, 2))
BUILT = {"first": "2013-08-17", "last": str(NIGHT)}
BY_HAND = {"action": "resume", "reason": "a test"}
RUNS = [
    ("ingest", "ingest__planes", {"day": str(NIGHT)}),
    ("ingest", "ingest__airports", {"day": str(NIGHT)}),
    ("ingest", "ingest__departures", HISTORY),
    ("ingest", "ingest__weather", HISTORY),
    ("ingest", "ingest__schedule", {"first": str(FIRST), "last": "2013-09-02"}),
    ("features", "features__flight_delay", BUILT),
    ("retrain", "retrain__flight_delay", {"day": str(NIGHT)}),
    ("score", "score__flight_delay", {"day": str(NIGHT)}),
    ("monitor", "monitor__flight_delay", {"day": str(NIGHT)}),
    ("operations", "operations__housekeeping", {}),
    ("incidents", "operations__incidents", {}),
    ("upkeep", "operations__upkeep", {}),
    ("engines", "operations__engines", {}),
    ("quarantine", "operations__quarantine", {"batch": "4f2a", "action": "discard", "reason": "a test"}),
    ("rollback", "rollback__flight_delay", BY_HAND),
    ("feasibility", "feasibility__flight_delay", {"rows": 2000}),
    ("access", "operations__access", {}),
    ("backup", "operations__backup", {}),
    ("requests", "operations__requests", {}),
]
# Spark is tested in tests/spark, approval and corrections in tests/e2e, and the two triggers need a released batch.
RUN_ELSEWHERE = {
    "features.build_on_spark",
    "retrain.approve",
    "retrain.promote_answered",
    "quarantine.ingest",
    "rollback.score_again",
}
# Tasks that must refuse: there is nothing that they can act on.
REFUSED = {
    "quarantine.decide": "failed",
    "rollback.decide": "failed",
    "access.check_access": "skipped",
    "engines.compare_flight_delay": "skipped",
    "engines.compare_household_return": "skipped",
}
Ended = dict[str, set[str]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An installation with weeks of flights in its landing zone, Airflow's own database, and a mail server."""
    home = tmp_path_factory.mktemp("tasks")
    with pytest.MonkeyPatch.context() as monkeypatch, mailbox.running(home / "mails") as box:
        monkeypatch.setenv("CONTENDER_HOME", str(home / "contender"))
        monkeypatch.setenv("CONTENDER_ENGINE", "duckdb")
        monkeypatch.setenv("CONTENDER_BACKUPS", str(home / "backups"))
        smtp = {"conn_type": "smtp", "host": "127.0.0.1", "port": box.port}
        smtp["extra"] = {"disable_ssl": True, "disable_tls": True}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(smtp))
        settings.cache_clear()
        here = settings()
        migrate(here.records)
        source.drop_reference(here.landing)
        for dataset in ("departures", "weather", "schedule"):
            source.drop(dataset, LANDED.each(), here.landing)
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
        yield home
    settings.cache_clear()


@pytest.fixture(scope="module")
def ended(installed) -> Ended:
    """The final states of each task of each kind of DAG, over all runs."""
    states: Ended = {}
    for kind, dag_id, form in RUNS:
        for task, state in run_dag(kind, dag_id, form):
            states.setdefault(f"{kind}.{task}", set()).add(state)
    return states


def run_dag(kind: str, dag_id: str, form: dict[str, str]) -> list[tuple[str, str]]:
    """Run a DAG with the values of its form. It is parsed again, because a run keeps its form's values in the DAG."""
    dag = DagBag(str(PROJECT / "dags" / f"{kind}.py")).dags[dag_id]
    for task in dag.tasks:
        task.retries = 0
    run = dag.test(run_conf=form)
    return [(each.task_id, str(each.state)) for each in run.get_task_instances()]


def test_every_kind_of_dag_runs(ended):
    files = {path.stem for path in (PROJECT / "dags").glob("*.py")}
    assert {kind for kind, _, _ in RUNS} == files


def test_every_task_runs_here_or_is_listed_as_tested_elsewhere(ended):
    tasks = {
        f"{kind}.{task.task_id}"
        for kind, dag_id, _ in RUNS
        for task in DagBag(str(PROJECT / "dags" / f"{kind}.py")).dags[dag_id].tasks
    }
    assert tasks - RUN_ELSEWHERE <= set(ended)
    assert tasks >= RUN_ELSEWHERE


def test_only_tasks_that_must_refuse_fail(ended):
    failed = {name for name, states in ended.items() if "failed" in states}
    assert failed == {name for name, state in REFUSED.items() if state == "failed"}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_task_that_must_refuse_fails_or_is_skipped_without_a_retry(ended, name):
    assert ended[name] == {REFUSED[name]}


@pytest.fixture(scope="module")
def not_due(ended) -> Iterator[dict[str, str]]:
    """The final states of the tasks of a weekly model in a night in which no fit is due."""
    catalog = load_catalog(settings().catalog_home)
    model = catalog.model("flight_delay").model_copy(update={"cadence": Cadence(weekday="Monday")})
    weekly = catalog.model_copy(update={"models": {model.name: model}})
    open_book(settings().records).fit_verdicts.add(
        FitVerdict(model=model.name, night=NIGHT, due=False, why="the next fit is due on Monday")
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(wiring, "CATALOG", weekly)
        yield dict(run_dag("retrain", "retrain__flight_delay", {"day": str(NIGHT)}))


def test_a_night_without_a_due_fit_fits_and_decides_nothing(not_due):
    skipped = {name for name, state in not_due.items() if state == "skipped"}
    assert skipped == {
        *("choose_recipes", "train", "evaluate", "decide", "promote"),
        *("approve", "promote_answered"),
    }


def test_a_night_without_a_due_fit_still_pairs_and_scores_in_shadow(not_due):
    done = {name for name, state in not_due.items() if state == "success"}
    assert done == {"collect_fitted", "pair", "score_in_shadow", "admit.gate", "admit.publish"}
