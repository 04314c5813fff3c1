"""Monitoring with real Evidently: figures, verdict, and a report that opens by itself."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from contender.lake import stage
from contender.monitoring import Drift, compare_features, conclude, measure_performance
from contender.specs import Days
from tests.unit.judged import evaluation, version

DAY = date(2013, 3, 31)


@pytest.fixture
def model(catalog):
    return catalog.model("flight_delay")


@pytest.fixture
def publish(here, lake):
    def publish_rows(contract, rows):
        table = pa.Table.from_pandas(rows[list(contract.column_names)], preserve_index=False)
        days = Days(first=rows["day"].min(), last=rows["day"].max())
        lake.publish(contract, stage(table, contract, days, here.staging))

    return publish_rows


def features(model, *, moved: bool = False, emptied: bool = False) -> pd.DataFrame:
    random = np.random.default_rng(1)
    rows = pd.DataFrame({"day": np.repeat(list(Days(first=DAY - timedelta(days=40), last=DAY).each()), 400)})
    newest = rows["day"] > DAY - timedelta(days=7)
    for column in (*model.keys, *model.features):
        text = column.type == "string"
        rows[column.name] = (
            random.choice(["AA", "UA"], len(rows)) if text else random.normal(50, 5, len(rows))
        )
        if column.type == "integer":
            rows[column.name] = rows[column.name].round().astype(int)
        if moved and column.type == "number":
            rows.loc[newest, column.name] += 40
    rows["flight"] = np.tile(np.arange(400), len(rows) // 400)
    if emptied:
        rows.loc[newest, "humid"] = None
    return rows


def test_unchanged_features_do_not_drift(model, installation, publish):
    publish(model.feature_contract, features(model))
    drift = compare_features(installation, model, DAY)
    assert (drift.drifted, drift.emptied) == ((), ())


def test_drifted_features_are_named(model, installation, publish):
    publish(model.feature_contract, features(model, moved=True))
    drift = compare_features(installation, model, DAY)
    assert {column.name for column in model.features if column.type == "number"} == set(drift.drifted)


def test_an_empty_feature_is_named(model, installation, publish):
    publish(model.feature_contract, features(model, emptied=True))
    assert compare_features(installation, model, DAY).emptied == ("humid",)


def test_features_that_are_all_empty_are_named_and_need_no_report(model, installation, publish):
    rows = features(model)
    newest = rows["day"] > DAY - timedelta(days=7)
    for column in model.features:
        rows[column.name] = rows[column.name].astype("object").mask(newest, None)
    nullable = tuple(column.model_copy(update={"nullable": True}) for column in model.features)
    publish(model.model_copy(update={"features": nullable}).feature_contract, rows)
    drift = compare_features(installation, model, DAY)
    assert (set(drift.emptied), drift.report) == (set(model.feature_names), None)


def test_an_infinite_feature_counts_as_empty(model, installation, publish):
    rows = features(model)
    rows.loc[rows["day"] > DAY - timedelta(days=7), "humid"] = np.inf
    publish(model.feature_contract, rows)
    assert compare_features(installation, model, DAY).emptied == ("humid",)


def test_a_truth_value_is_compared_as_a_category(model, installation, publish):
    columns = tuple(
        column.model_copy(update={"type": "boolean", "unit": None}) if column.name == "humid" else column
        for column in model.features
    )
    changed = model.model_copy(update={"features": columns})
    rows = features(model)
    newest = rows["day"] > DAY - timedelta(days=7)
    rows["humid"] = np.where(newest, True, rows["flight"] % 2 == 0)
    publish(changed.feature_contract, rows)
    assert compare_features(installation, changed, DAY).drifted == ("humid",)


def test_the_report_loads_nothing_from_the_network(model, installation, publish):
    publish(model.feature_contract, features(model))
    report = Path(compare_features(installation, model, DAY).report or "").read_text()
    assert "<html" in report
    assert 'src="http' not in report


def test_without_history_there_is_nothing_to_compare(model, installation):
    drift = compare_features(installation, model, DAY)
    assert (drift.share, drift.report) == (None, None)


def test_a_scored_day_is_measured_on_the_rows_whose_outcome_is_known(model, installation, book, publish):
    flights = pd.DataFrame({"day": DAY, "carrier": "AA", "flight": range(4), "origin": "JFK"})
    served = flights.assign(score=[0.1, 0.2, 0.8, 0.9], model_version=3, feature_snapshot=1)
    publish(model.prediction_contract, served)
    publish(model.label_contract, flights.assign(label=[0, 0, 1, 1]).head(3))
    performance = measure_performance(installation, model, DAY)
    assert (performance.scored_rows, performance.version) == (4, 3)
    assert performance.measures is not None
    assert performance.measures.rows == 3
    assert performance.measures.brier == pytest.approx((0.01 + 0.04 + 0.04) / 3)


def test_a_version_is_compared_with_its_own_evaluation_sixty_nights_later(model, installation, book, publish):
    flights = pd.DataFrame({"day": DAY, "carrier": "AA", "flight": range(4), "origin": "JFK"})
    served = flights.assign(score=[0.9, 0.8, 0.2, 0.1], model_version=3, feature_snapshot=1)
    publish(model.prediction_contract, served)
    publish(model.label_contract, flights.assign(label=[0, 0, 1, 1]))
    book.evaluations.add(evaluation(id="its own", challenger=version(3), champion=None))
    for number in range(4, 124):  # sixty nights with two recipes, whose challengers were all held back
        book.evaluations.add(evaluation(id=f"e{number}", challenger=version(number), champion=version(3)))
    performance = measure_performance(installation, model, DAY)
    assert performance.expected_loss == pytest.approx(0.15)
    stayed = Drift(share=0.0, drifted=(), emptied=(), report=None)
    assert conclude(model, performance, stayed, "run").verdict == "concept_drift"


def test_a_day_without_predictions_has_no_measures(model, installation, book):
    performance = measure_performance(installation, model, DAY)
    assert (performance.measures, performance.scored_rows) == (None, 0)
