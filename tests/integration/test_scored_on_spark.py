"""Many rows are scored on Spark, with the bits that scoring in process gives."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from contender.batch_scoring import score_by_ledger
from contender.installation import Installation
from contender.lake import places
from contender.retraining import InstalledStores, fit_version
from contender.scoring import CannotPredict, ScoringError, score, score_in_shadow
from contender.settings import Settings
from contender.specs import Days, load_catalog
from contender.submitting import SparkError, submit_here
from spark_submit import submit_job
from tests.integration.made_up import (
    HISTORY,
    NIGHT,
    copy_catalog,
    deliver,
    make_flights,
    make_households,
    publish,
    run_night,
    tomorrow,
)

# With a class of its own, which Spark's workers must get besides the pipeline.
STRICT = '''"""Refuses airlines that were not in the fit."""

from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_info


class Known(TransformerMixin, BaseEstimator):
    def fit(self, rows, labels=None):
        self.airlines_ = sorted(set(rows["airline"]))
        return self

    def transform(self, rows):
        if new := set(rows["airline"]) - set(self.airlines_):
            threads = max(pool["num_threads"] for pool in threadpool_info())
            raise ValueError(f"unknown airlines {sorted(new)}, with {threads} threads")
        return rows[["dep_hour", "carrier_late", "flight_late"]].fillna(0) / 100


def build_estimator(parameters, seed):
    return make_pipeline(Known(), LogisticRegression(**parameters))
'''
MANY = 1_100_000  # rows of a day: two row groups, of four pieces and one
WIDE = Days(first=tomorrow(NIGHT), last=NIGHT + timedelta(days=3))


@pytest.fixture(scope="module")
def flights(tmp_path_factory) -> InstalledStores:
    """An installation with a linear champion and a version of trees of made-up flights."""
    home = tmp_path_factory.mktemp("spark")
    copy_catalog(home / "catalog")
    (home / "catalog/models/flight_delay/linear.py").write_text(STRICT)
    catalog = load_catalog(home / "catalog")
    stores = InstalledStores(
        Installation(Settings(home=home / "home"), catalog), catalog.model("flight_delay")
    )
    deliver(stores, make_flights(stores.model, Days(first=HISTORY.first, last=tomorrow(NIGHT))))
    run_night(stores, NIGHT, ["linear"])
    fit_version(stores, "boosted_trees", NIGHT)
    return stores


@pytest.fixture(scope="module")
def households(flights) -> InstalledStores:
    """The same installation with a champion of made-up households."""
    stores = InstalledStores(flights.installation, flights.installation.catalog.model("household_return"))
    rows = make_households(stores.model, Days(first=NIGHT - timedelta(days=80), last=NIGHT))
    deliver(stores, rows)
    run_night(stores, NIGHT, ["boosted_trees"])
    return stores


def on_spark(stores: InstalledStores) -> Installation:
    """The same installation, by whose settings every night has many rows."""
    here = stores.installation
    return Installation(here.settings.model_copy(update={"score_spark_rows": 1}), here.catalog)


def publish_features(stores: InstalledStores, rows: pd.DataFrame) -> None:
    publish(stores.installation.lake, stores.model.feature_contract, rows, stores.installation.settings)


def bits(batch, model) -> np.ndarray:
    """The bits of all predictions of a batch."""
    rows = pa.concat_tables([places.read_rows(file.path) for file in batch.files])
    return np.array([rows[name].to_numpy() for name in model.score_names], dtype=np.float64).view(np.uint64)


def refuse(*_: object) -> None:
    raise AssertionError("Spark was started")


def assert_same(spark, process, model):
    assert spark.rows == process.rows > 0
    assert (bits(spark, model) == bits(process, model)).all()
    assert spark.fingerprint == process.fingerprint


def test_flights_in_several_row_groups_and_pieces_are_scored_to_the_same_bits(flights, monkeypatch):
    night = NIGHT + timedelta(days=10)
    publish_features(flights, make_flights(flights.model, Days.one(tomorrow(night)), a_day=MANY))
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", json.dumps({"conn_type": "spark", "host": "local[2]"}))
    spark = score_by_ledger(on_spark(flights), flights.model, Days.one(night), submit_job)
    assert spark.rows == MANY
    assert_same(spark, score(flights.installation, flights.model, Days.one(night), refuse), flights.model)


def test_a_range_of_days_is_scored_to_the_same_bits_by_each_version(flights):
    rows = make_flights(flights.model, WIDE)
    # Missing on one day only: the other days' frames must have floats, too.
    rows["dep_hour"] = rows["dep_hour"].astype("Int64").mask(rows["day"] == WIDE.last)
    nights, streams = Days(first=NIGHT, last=NIGHT + timedelta(days=2)), {"ours": 1, "trees": 2}
    publish_features(flights, rows[rows["day"] != tomorrow(WIDE.first)])  # a day without rows
    process = score_in_shadow(flights.installation, flights.model, streams, nights, refuse)
    spark = score_in_shadow(on_spark(flights), flights.model, streams, nights)
    assert_same(spark, process, flights.model)
    assert spark.rows == 2 * 2 * 60


def test_households_are_scored_to_the_same_bits_also_on_a_day_of_one_row(households):
    one = tomorrow(NIGHT)
    publish_features(households, make_households(households.model, Days.one(one), a_day=1))
    nights = Days(first=NIGHT, last=one)
    process = score(households.installation, households.model, nights, refuse)
    assert [file.rows for file in process.files] == [60, 1]
    assert_same(score(on_spark(households), households.model, nights), process, households.model)


def test_a_day_without_features_starts_no_job(households):
    with pytest.raises(ScoringError, match="household_return: no features for 2014-01-01"):
        score(
            on_spark(households), households.model, Days.one(NIGHT.replace(year=2014, month=1, day=1)), refuse
        )


def test_rows_that_a_version_cannot_predict_name_it_and_are_not_tried_again(flights, monkeypatch):
    night = NIGHT + timedelta(days=20)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # workers of Spark have one thread nevertheless
    publish_features(flights, make_flights(flights.model, Days.one(tomorrow(night))).assign(airline="NEW"))
    with pytest.raises(
        CannotPredict,
        match=r"^flight_delay: version 1 cannot predict the rows of 2013-04-21: ValueError: unknown airlines "
        r"\['NEW'\], with 1 threads: let its recipe accept such values",
    ):
        score(on_spark(flights), flights.model, Days.one(night))


def test_a_changed_source_in_staging_is_not_run_and_the_error_names_the_version(flights, tmp_path):
    def change(job, file):
        (source,) = Path(file).parent.glob("linear_*.py")
        source.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
        submit_here(job, file)

    with pytest.raises(
        SparkError,
        match=r"flight_delay: version 1 did not score 2013-04-01 on Spark: score\.py failed [^$]*"
        r"linear_\w+\.py is damaged: its SHA-256 is",
    ):
        score(on_spark(flights), flights.model, Days.one(NIGHT), change)
    assert not (tmp_path / "ran").exists()


def test_a_job_without_a_result_says_where_to_look(flights):
    with pytest.raises(
        SparkError, match=r"flight_delay: version 1 did not score .*result\.json: see its log"
    ):
        score(on_spark(flights), flights.model, Days.one(NIGHT), lambda *_: None)
