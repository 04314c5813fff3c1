"""A model of quantiles fits one pipeline for each, and is evaluated by their pinball loss and coverage."""

from __future__ import annotations

import numpy as np
import pytest

from contender.cards import read_card, render_html, render_markdown
from contender.monitoring import measure_performance
from contender.replaying import find_entry, replay
from contender.retraining import InstalledStores
from contender.specs import Days
from tests.integration.made_up import HISTORY, NIGHT
from tests.made_up_kinds import install, live_two_nights, specify_quantiles


@pytest.fixture(scope="module")
def place(catalog, tmp_path_factory) -> InstalledStores:
    """Made-up flights with a first champion and its refresh, which has scored the newest day."""
    made = install(tmp_path_factory.mktemp("kind"), specify_quantiles(catalog.model("flight_delay")))
    live_two_nights(made)
    return made


@pytest.fixture(scope="module")
def evaluation(place):
    """The evaluation of the refresh, the third version: each night fits two."""
    return place.installation.book.evaluations.of_version(place.model.name, 3)


def test_a_version_is_measured_by_pinball_loss_and_coverage(evaluation):
    measures = evaluation.challenger_measures
    assert measures.loss < evaluation.baseline_measures.loss
    assert 0.65 < measures.coverage < 0.95
    assert measures.interval_width < evaluation.baseline_measures.interval_width
    assert [point.predicted for point in evaluation.calibration] == [0.1, 0.5, 0.9]
    assert 0 < evaluation.disagreement < 0.5


def test_a_refresh_is_promoted_and_the_calibration_guard_checks_coverage(place):
    refreshed, first = place.installation.book.ledger.decisions(place.model.name)
    assert (first.kind, refreshed.kind) == ("first", "refreshed")
    (calibration,) = (reason for reason in refreshed.reasons if reason.guard == "calibration")
    assert "coverage of the interval" in calibration.explanation


def test_a_rival_is_compared_by_the_loss_of_paired_days(place):
    (pair,) = place.installation.book.pairs.since(place.model.name, "race", HISTORY.first)
    assert pair.incumbent_loss < pair.rival_loss


def test_served_quantiles_are_in_order_and_their_coverage_is_monitored(place):
    model = place.model
    served = place.installation.lake.read(model.prediction_contract, Days.one(NIGHT)).to_pandas()
    assert (np.diff(served[["score_q10", "score_q50", "score_q90"]], axis=1) >= 0).all()
    performance = measure_performance(place.installation, model, NIGHT)
    assert 0.5 < performance.measures.coverage <= 1


def test_the_card_shows_quantiles_and_coverage(place):
    card = read_card(place.installation, place.model.name)
    assert card.predicts == "quantity, quantiles 0.1, 0.5, 0.9"
    assert "coverage of the interval" in render_markdown(card)
    assert f"Calibration of version {card.version}" in render_html(card)


def test_a_decision_is_replayed_identically(place):
    here = place.installation
    replayed = replay(here, find_entry(here.book, place.model.name, 2))
    assert replayed.identical, replayed.report()
