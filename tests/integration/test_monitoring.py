"""Monitoring with real Evidently: figures, verdict, and a report that opens by itself."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from contender.lake import stage
from contender.monitoring import (
    Changes,
    Performance,
    compare_day,
    conclude,
    keep_conclusion,
    measure_performance,
)
from contender.monitoring.report import draw_report
from contender.monitoring.skew import measure_skew
from contender.specs import Days
from tests.unit.judged import evaluation, version

DAY = date(2013, 3, 31)
NIGHT = DAY - timedelta(days=1)  # scores the features of the day after it


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


def features(model, *, moved: bool = False, emptied: bool = False, lasting: int = 1) -> pd.DataFrame:
    """Forty days of made-up features, with a fault on the last `lasting` days."""
    random = np.random.default_rng(1)
    rows = pd.DataFrame({"day": np.repeat(list(Days(first=DAY - timedelta(days=40), last=DAY).each()), 400)})
    newest = rows["day"] > DAY - timedelta(days=lasting)
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


def changes(found: Changes) -> list[tuple[str, str]]:
    return [(change.column, change.kind) for change in found.changed]


def nothing_served(day: date) -> Performance:
    return Performance(day=day, version=None, scored_rows=0, measures=None, expected_loss=None)


@pytest.fixture
def narrow(model):
    """The model with four of its features, because Evidently takes long to draw each."""
    few = ("airport", "dep_hour", "humid", "wind")
    return model.model_copy(update={"features": tuple(c for c in model.features if c.name in few)})


def with_truth_value(model):
    """The model, with a boolean feature `humid`."""
    columns = tuple(
        column.model_copy(update={"type": "boolean", "unit": None}) if column.name == "humid" else column
        for column in model.features
    )
    return model.model_copy(update={"features": columns})


def test_usual_features_have_no_changes(model, installation, publish):
    publish(model.feature_contract, features(model))
    found = compare_day(installation, model, NIGHT)
    assert (found.day, found.compared, found.changed) == (DAY, len(model.features), ())


def test_moved_features_are_named(model, installation, publish):
    publish(model.feature_contract, features(model, moved=True))
    moved = {change.column for change in compare_day(installation, model, NIGHT).changed}
    assert moved == {column.name for column in model.features if column.type == "number"}


def test_an_empty_feature_is_named(model, installation, publish):
    publish(model.feature_contract, features(model, emptied=True))
    assert changes(compare_day(installation, model, NIGHT)) == [("humid", "missing")]


def test_an_infinite_feature_is_named(model, installation, publish):
    rows = features(model)
    rows.loc[rows["day"] == DAY, "humid"] = np.inf
    publish(model.feature_contract, rows)
    assert [column for column, _ in changes(compare_day(installation, model, NIGHT))] == ["humid"]


def test_a_constant_truth_value_is_named(model, installation, publish):
    changed = with_truth_value(model)
    rows = features(model)
    rows["humid"] = np.where(rows["day"] == DAY, True, rows["flight"] % 2 == 0)
    publish(changed.feature_contract, rows)
    assert changes(compare_day(installation, changed, NIGHT)) == [("humid", "constant")]


def test_predictions_that_become_constant_are_named(model, installation, publish):
    publish(model.feature_contract, features(model))
    served = features(model)[["day", "carrier", "flight", "origin"]].assign(
        model_version=3, feature_snapshot=1
    )
    served["score"] = np.random.default_rng(2).uniform(0, 1, len(served))
    served.loc[served["day"] == NIGHT, "score"] = 0.5
    publish(model.prediction_contract, served)
    assert changes(compare_day(installation, model, NIGHT)) == [("score", "constant")]


def test_a_fault_that_lasts_is_reported_every_night(model, installation, book, publish):
    publish(model.feature_contract, features(model, emptied=True, lasting=7))
    for back in range(6, -1, -1):
        night = NIGHT - timedelta(days=back)
        found = compare_day(installation, model, night)
        assert changes(found) == [("humid", "missing")]
        keep_conclusion(model, nothing_served(night), found, f"run {night}", book)
    assert [one.verdict for one in book.monitored.newest(model.name)] == ["broken_feed"] * 7


def test_without_history_there_is_nothing_to_compare(model, installation):
    found = compare_day(installation, model, NIGHT)
    assert (found.compared, found.changed, found.distance) == (0, (), None)
    monitored = conclude(model, nothing_served(NIGHT), found, (), "run")
    assert monitored.verdict == "stable"
    assert draw_report(installation, model, monitored) is None


def drawn(installation, model) -> str:
    """The report of a night, after its conclusion."""
    monitored = conclude(model, nothing_served(NIGHT), compare_day(installation, model, NIGHT), (), "run")
    return Path(draw_report(installation, model, monitored) or "").read_text()


def test_the_report_shows_the_verdict_and_loads_nothing_from_the_network(model, installation, publish):
    publish(model.feature_contract, features(model, emptied=True))
    page = drawn(installation, model)
    assert "broken_feed" in page
    assert "<code>humid</code>: the share of missing values changed by 100%" in page
    assert "root_metric_" in page  # a figure of Evidently
    assert 'src="http' not in page


HELD = {
    "one number": 3.0,
    "no value": None,
    "infinite numbers": np.inf,
    "both infinities and one number": [np.inf, -np.inf, 3.0, 3.0],
}


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("since", [1, 7, 41])
def test_the_report_is_drawn_whatever_a_column_holds(narrow, installation, publish, held, since):
    rows = features(narrow)
    newest = rows["day"] > DAY - timedelta(days=since)
    rows.loc[newest, "humid"] = HELD[held] if not isinstance(HELD[held], list) else HELD[held] * 100 * since
    publish(narrow.feature_contract, rows)
    assert "root_metric_" in drawn(installation, narrow)


@pytest.mark.parametrize("value", [True, False, None])
def test_the_report_is_drawn_with_truth_values(narrow, installation, publish, value):
    truth = with_truth_value(narrow)
    rows = features(narrow)
    rows["humid"] = (rows["flight"] % 2 == 0).astype("object")
    rows.loc[rows["day"] == DAY, "humid"] = value
    publish(truth.feature_contract, rows)
    assert "root_metric_" in drawn(installation, truth)


def test_evidently_agrees_with_the_signals_on_a_change_that_lasts_a_week(model, installation, publish):
    rows = features(model)
    rows.loc[rows["day"] > DAY - timedelta(days=7), ["humid", "wind"]] += 40
    publish(model.feature_contract, rows)
    week_before = NIGHT - timedelta(days=6)
    changed = {change.column for change in compare_day(installation, model, week_before).changed}
    assert changed == {"humid", "wind"}
    assert "fixed limit, so they find drift in columns that change every week, too: humid, wind." in " ".join(
        drawn(installation, model).split()
    )


def test_the_report_names_the_columns_without_values(narrow, installation, publish):
    rows = features(narrow)
    rows["humid"] = None
    publish(narrow.feature_contract, rows)
    assert "no values in one of the periods: humid" in " ".join(drawn(installation, narrow).split())


def test_features_that_are_all_empty_need_no_report(model, installation, publish):
    rows = features(model)
    newest = rows["day"] > DAY - timedelta(days=7)
    for column in model.features:
        rows[column.name] = rows[column.name].astype("object").mask(newest, None)
    nullable = tuple(column.model_copy(update={"nullable": True}) for column in model.features)
    emptied = model.model_copy(update={"features": nullable})
    publish(emptied.feature_contract, rows)
    found = compare_day(installation, emptied, NIGHT - timedelta(days=6))
    assert {column for column, _ in changes(found)} == set(model.feature_names)
    monitored = conclude(emptied, nothing_served(NIGHT), found, (), "run")
    assert monitored.verdict == "broken_feed"
    later = monitored.model_copy(update={"features_day": DAY})
    assert draw_report(installation, emptied, later) is None


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


def test_a_day_without_predictions_has_no_measures(model, installation, book):
    performance = measure_performance(installation, model, DAY)
    assert (performance.measures, performance.scored_rows) == (None, 0)


def test_predictions_of_a_version_that_was_deleted_are_not_made_again(model, installation, publish, caplog):
    publish(model.feature_contract, features(model))
    snapshot = installation.lake.snapshot(model.feature_contract.table)
    flights = pd.DataFrame({"day": DAY, "carrier": "AA", "flight": range(4), "origin": "JFK"})
    publish(model.prediction_contract, flights.assign(score=0.5, model_version=99, feature_snapshot=snapshot))
    assert measure_skew(installation, model, DAY) is None
    assert "are not made again: flight_delay has no version 99" in caplog.text
