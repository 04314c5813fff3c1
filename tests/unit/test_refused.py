"""What cannot be read, run or predicted is refused in one line that names it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from alerts import _push
from contender import querying
from contender.alerting import FailedTask
from contender.backfilling.apply import BackfillStoppedError
from contender.backfilling.apply import _wait as wait_for_backfill
from contender.backfilling.plan import _days_of
from contender.backtesting.history import BacktestError
from contender.backtesting.versions import _predict_baseline
from contender.embedded_airflow import free_port
from contender.evaluating.criteria import read_criteria
from contender.evaluating.evaluate import EvaluationError, Pipelines, judge_pipelines
from contender.evaluating.judge import Contestants
from contender.file_formats.csv_text import read_header
from contender.file_formats.plain_text import UnreadableFile
from contender.landing import LandingError, RawFile, describe_file
from contender.loading.apply import LoadStoppedError, _follow
from contender.orchestrator import Airflow, Run
from contender.querying import _ROWS, _to_array, fetch_rows
from contender.specs import Csv, Days, Query
from contender.urls import sqlite_url
from tests.command import run_command
from tests.unit.judged import version
from tests.unit.served import MODEL, fit_strict, row_of

DAY = date(2013, 9, 2)
NOW = datetime(2013, 9, 3, tzinfo=UTC)


def run(**conf: str) -> Run:
    return Run("ingest__departures", "manual", "running", "manual", None, conf, NOW, NOW, None)


@pytest.fixture
def no_airflow() -> Airflow:
    return Airflow(f"http://127.0.0.1:{free_port()}", "secret")


def test_a_backfill_and_a_load_that_lose_airflow_say_how_to_continue(no_airflow, catalog, installation):
    with pytest.raises(BackfillStoppedError, match=r"does not respond .*\n.*run the same command again"):
        wait_for_backfill(no_airflow, run())
    step = SimpleNamespace(verb="ingest", name="departures", days=Days.one(DAY), dag="ingest__departures")
    with pytest.raises(LoadStoppedError, match=r"The day is loaded\. Fix the cause, and clear the run"):
        _follow(step, run(), installation, no_airflow, print)


def test_a_run_with_an_invalid_form_has_no_days():
    assert _days_of(run(first="2013-09-02", last="soon")) is None
    failed = FailedTask(
        dag="ingest__departures", task="plan", run="r", days="soon", error="e", log_url="http://ui/log"
    )
    assert failed.business_days is None


def test_a_baseline_that_cannot_score_a_day_is_named_with_its_features(catalog):
    model = catalog.model(MODEL).model_copy(update={"baseline_features": ("airline", "dep_hour")})
    fitted = SimpleNamespace(version=version(1), fitted=SimpleNamespace(baseline=fit_strict(model)))
    rows = pd.DataFrame([row_of(model) | {"airline": "XX"}])
    with pytest.raises(
        BacktestError, match=r"the baseline fitted for night .* cannot score 2013-09-02: .*XX"
    ):
        _predict_baseline(model, fitted, rows, Days.one(DAY))


def test_a_baseline_that_cannot_predict_the_evaluated_rows_is_named_with_its_features(catalog):
    model = catalog.model(MODEL).model_copy(update={"baseline_features": ("airline", "dep_hour")})
    strict = fit_strict(model)
    rows = pd.DataFrame([row_of(model) | {"airline": "XX"}])
    with pytest.raises(
        EvaluationError,
        match=r"baseline of version 1 cannot predict .*XX.*correct its features, airline, dep_",
    ):
        judge_pipelines(
            Contestants(model, version(1), None),
            read_criteria(model, catalog.model_home(MODEL)),
            rows,
            Pipelines(strict, None, strict),
        )


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        ([1, "one"], "returns int and str in column amount: cast it in `sql`"),
        ([*range(_ROWS), "one"], "returns different types in a column: cast it in `sql`"),
    ],
)
def test_a_column_of_a_query_with_numbers_and_texts_is_named(tmp_path, amounts, said):
    with pytest.raises(LandingError, match=said):
        fetch(tmp_path, amounts)


def test_the_rows_of_a_query_are_read_in_large_parts(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(querying, "_to_array", lambda *given: made.append(given) or _to_array(*given))
    fetch(tmp_path, list(range(_ROWS + 1)))
    assert len(made) == 2


def fetch(folder: Path, amounts: list[object]) -> RawFile:
    file = folder / "crm.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("create table sales (amount)")
        connection.executemany("insert into sales values (?)", [(one,) for one in amounts])
    query = Query(connection="crm", sql="select amount from sales")
    return fetch_rows(query, None, lambda _: sqlite_url(file), folder)


def test_a_header_that_is_no_csv_is_unreadable(tmp_path):
    file = tmp_path / "wide.csv"
    file.write_text(f'day,"{"x" * 200_000}"\n2013-09-02,1\n')
    with pytest.raises(UnreadableFile, match="field larger than field limit"):
        read_header(describe_file(file, file.name, str(file)), Csv())


@pytest.mark.parametrize("command", [("backtest", MODEL, "--to", str(DAY)), ("drill", "pandemic", MODEL)])
def test_days_that_are_none_are_named_with_their_options(command, tmp_path, monkeypatch):
    monkeypatch.setenv("CONTENDER_HOME", str(tmp_path))
    outcome = run_command(*command, "--from", "soon")
    assert outcome.code == 2
    assert "'soon' is not a day" in outcome.err


def test_a_file_below_another_file_cannot_be_drafted_from(tmp_path, monkeypatch):
    monkeypatch.setenv("CONTENDER_HOME", str(tmp_path / "home"))
    (tmp_path / "file").write_text("")
    outcome = run_command("new", "dataset", "orders", "--from", f"{tmp_path}/file/x.csv")
    assert outcome.code in (2, 3)
    assert f"{tmp_path}/file/x.csv: cannot be read: Not a directory" in outcome.err


def test_a_push_connection_that_does_not_exist_is_named_with_the_setting(monkeypatch):
    with pytest.raises(OSError, match=r"there is no connection nowhere: .*CONTENDER_PUSH_CONNECTIONS"):
        _push("nowhere", None)
