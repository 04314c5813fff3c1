"""Large batches, checked by column or on Spark, get the same result as small ones."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from contender.gating import check, check_by_size
from contender.ingesting import land
from contender.lake import stage
from contender.records import StagedBatch
from contender.settings import PROJECT, Settings
from contender.specs import Days
from contender.submitting import SparkError
from demo import source
from spark_submit import submit_job

DAY = Days.one(date(2013, 9, 2))


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Settings:
    """Settings by which every batch is a large one."""
    return Settings(home=tmp_path_factory.mktemp("large"), gate_spark_rows=1)


@pytest.fixture(scope="module")
def departures(catalog):
    return catalog.dataset("departures")


@pytest.fixture(scope="module")
def whole(large, departures) -> StagedBatch:
    source.drop("departures", [DAY.first], large.landing)
    return land(departures, DAY, large)


@pytest.fixture(scope="module")
def broken(large, departures, whole) -> StagedBatch:
    """Rows that break each kind of expectation, separate for each."""
    rows = pd.read_parquet(whole.files[0].path)
    rows.loc[3:5, "carrier"] = "unknown"
    rows.loc[10:12, "origin"] = "ORD"
    rows.loc[20:21, "flight"] = -1
    rows.loc[30:32, "dep_delay"] = np.nan
    rows["day"] = rows["day"].where(rows.index != 40, date(2013, 9, 3))
    rows = pd.concat([rows, rows.iloc[50:52]])
    return stage(pa.Table.from_pandas(rows, preserve_index=False), departures.contract, DAY, large.staging)


def said(result):
    """The texts of a result, without the example, which may be any failing row."""
    return [
        (
            e.expectation,
            e.verdict,
            e.failing_rows,
            e.observed.split(" rows")[0],
            set(map(str, e.failing_keys)),
        )
        for e in result.expectations
    ]


@pytest.fixture(scope="module")
def on_spark(large, departures, broken):
    return check_by_size(departures.contract, broken, "run 1", large)


def test_failures_on_spark_are_reported_as_in_memory(departures, broken, on_spark):
    in_memory = check(departures.contract, broken, "run 1")
    assert len(in_memory.failed) >= 4
    assert said(on_spark) == said(in_memory)
    assert on_spark.model_copy(update={"expectations": (), "at": in_memory.at}) == in_memory.model_copy(
        update={"expectations": ()}
    )


def test_columns_checked_separately_give_the_same_result_as_one_frame(departures, broken, monkeypatch):
    at_once = check(departures.contract, broken, "run 1")
    monkeypatch.setattr("contender.gating.batches.WHOLE_UP_TO_ROWS", 0)
    assert said(check(departures.contract, broken, "run 1")) == said(at_once)


def test_a_batch_without_rows_is_judged_a_column_at_a_time(departures, whole, monkeypatch):
    monkeypatch.setattr("contender.gating.batches.WHOLE_UP_TO_ROWS", -1)
    empty = whole.model_copy(update={"files": (), "rows": 0})
    assert [e.expectation for e in check(departures.contract, empty, "run 1").failed] == [
        "there are 500 to 1300 rows"
    ]


def test_a_small_batch_never_starts_spark(departures, whole, large):
    def refuse(*_: object) -> None:
        raise AssertionError("Spark was started")

    small = large.model_copy(update={"gate_spark_rows": whole.rows + 1})
    assert check_by_size(departures.contract, whole, "run 1", small, submit=refuse).verdict == "pass"


def test_a_large_batch_of_the_night_is_checked_through_airflows_connection(
    departures, whole, large, monkeypatch
):
    connection = {"conn_type": "spark", "host": "local[2]"}
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", json.dumps(connection))
    result = check_by_size(departures.contract, whole, "run 1", large, submit=submit_job)
    assert (result.verdict, result.rows) == ("pass", whole.rows)


def test_a_job_that_leaves_nothing_says_where_to_look(departures, whole, large):
    with pytest.raises(
        SparkError, match=r"Spark ended without a result in .*result\.json: see the log of the Spark job"
    ):
        check_by_size(departures.contract, whole, "run 1", large, submit=lambda *_: None)


def test_the_error_of_a_failed_job_contains_the_end_of_its_output(departures, whole, large):
    gone = whole.model_copy(
        update={"files": (whole.files[0].model_copy(update={"path": str(PROJECT / "no.parquet")}),)}
    )
    with pytest.raises(SparkError, match=r"PATH_NOT_FOUND"):
        check_by_size(departures.contract, gone, "run 1", large)
