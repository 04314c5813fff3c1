"""A model of classes is fitted, evaluated, raced, scored, gated, monitored and described like any other."""

from __future__ import annotations

import pyarrow as pa
import pytest

from contender.cards import read_card, render_html, render_markdown
from contender.featurizing import read_frame
from contender.gating import check
from contender.lake import stage
from contender.monitoring import compare_day, conclude, measure_performance
from contender.monitoring.report import draw_report
from contender.replaying import find_entry, replay
from contender.retraining import InstalledStores
from contender.specs import Days
from contender.training import TrainingError
from tests.integration.made_up import HISTORY, NIGHT, make_flights
from tests.made_up_kinds import CLASSES, install, live_two_nights, specify_classes


@pytest.fixture(scope="module")
def place(catalog, tmp_path_factory) -> InstalledStores:
    """Made-up flights with a first champion and its refresh, which has scored the newest day."""
    made = install(tmp_path_factory.mktemp("kind"), specify_classes(catalog.model("flight_delay")))
    live_two_nights(made)
    return made


@pytest.fixture(scope="module")
def evaluation(place):
    """The evaluation of the refresh, the third version: each night fits two."""
    return place.installation.book.evaluations.of_version(place.model.name, 3)


def test_a_refresh_is_promoted_by_the_same_guards(place):
    refreshed, first = place.installation.book.ledger.decisions(place.model.name)
    assert (first.kind, refreshed.kind) == ("first", "refreshed")
    compared = {reason.guard for reason in refreshed.reasons if reason.observed is not None}
    assert {"disagreement", "shift", "calibration", "baseline", "harm", "stable"} <= compared


def test_a_version_is_measured_by_its_loss_accuracy_slices_and_behaviour(evaluation):
    measures = evaluation.challenger_measures
    assert measures.loss == measures.log_loss < evaluation.baseline_measures.loss
    assert measures.accuracy > 0.9
    assert 0 < evaluation.disagreement < 0.1
    assert {point.of for point in evaluation.calibration} == set(CLASSES)
    assert [check.passed for check in evaluation.behaviour] == [True]
    assert evaluation.slices


def test_a_version_records_the_share_of_each_class(evaluation):
    made = evaluation.challenger
    assert (made.mean_label, made.label_shares["diverted"]) == (None, 0)
    assert sum(made.label_shares.values()) == pytest.approx(1)


def test_a_rival_is_compared_by_the_loss_of_paired_days(place):
    (pair,) = place.installation.book.pairs.since(place.model.name, "race", HISTORY.first)
    assert pair.incumbent_loss < pair.rival_loss


def test_each_class_has_a_score_and_one_without_examples_is_impossible(place):
    model = place.model
    served = place.installation.lake.read(model.prediction_contract, Days.one(NIGHT)).to_pandas()
    assert served[list(model.score_names)].sum(axis=1).to_numpy() == pytest.approx(1)
    assert (served["score_diverted"] == 0).all()


def test_a_frame_for_notebooks_has_the_score_of_each_class(place):
    frame = read_frame(place.installation, place.model.name, Days.one(NIGHT))
    assert not frame[[*place.model.score_names, "model_version"]].isna().any(axis=None)


def test_served_scores_are_monitored(place):
    here, model = place.installation, place.model
    performance = measure_performance(here, model, NIGHT)
    assert performance.measures.accuracy > 0.9
    assert performance.expected_loss is not None
    monitored = conclude(model, performance, compare_day(here, model, NIGHT), (), "night")
    assert monitored.verdict == "stable"
    assert monitored.estimated_loss == pytest.approx(performance.measures.loss, abs=0.2)
    assert draw_report(here, model, monitored) is not None


def test_the_card_names_the_classes_and_draws_the_calibration_of_each(place):
    card = read_card(place.installation, place.model.name)
    assert card.predicts == "class: early, on_time, late, diverted"
    assert "| late | " in render_markdown(card)
    page = render_html(card)
    assert f"Calibration of version {card.version}: diverted" in page
    assert "0.0 % diverted" in page


def test_a_decision_is_replayed_identically(place):
    here = place.installation
    replayed = replay(here, find_entry(here.book, place.model.name, 2))
    assert replayed.identical, replayed.report()


def test_an_undeclared_class_fails_the_gate_of_the_labels(catalog, here, tmp_path):
    model = specify_classes(catalog.model("flight_delay"))
    rows = make_flights(model, Days.one(NIGHT))
    rows["label"] = ["cancelled", *["late"] * (len(rows) - 1)]
    contract = model.label_contract
    table = pa.Table.from_pandas(rows[list(contract.column_names)], preserve_index=False)
    result = check(contract, stage(table, contract, Days.one(NIGHT), here.staging), "run")
    assert result.verdict == "fail"
    (failed,) = (found for found in result.expectations if found.verdict == "fail")
    assert "label is one of early, on_time, late, diverted" in failed.expectation
    assert "'cancelled'" in failed.observed


def test_a_class_that_is_no_longer_declared_stops_the_fit(place):
    fewer = place.model.model_copy(update={"classes": ("early", "on_time")})
    with pytest.raises(TrainingError, match="'late' is not declared"):
        InstalledStores(place.installation, fewer).fit(fewer.recipes[0], NIGHT)
