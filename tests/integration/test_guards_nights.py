"""Nights with real fits, a real lake and a real registry: a healthy refresh is promoted, a corrupted one is blocked."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from contender.retraining import InstalledStores
from contender.settings import Settings
from contender.specs import Days
from tests.integration.keeping import Kept, keep
from tests.integration.made_up import (
    HISTORY,
    NIGHT,
    copy_catalog,
    deliver,
    install_flights,
    make_flights,
    run_night,
    tomorrow,
)

FIRST_NIGHT = NIGHT - timedelta(days=1)
BEFORE_JUDGED = NIGHT - timedelta(days=8)
HEALTHY_RECIPE = ["boosted_trees"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    """An installation with three months of made-up flights, and a first champion since last night."""
    folder = tmp_path_factory.mktemp("guards_nights")
    made = install_flights(Settings(home=folder / "home"), copy_catalog(folder / "catalog"))
    run_night(made, FIRST_NIGHT, HEALTHY_RECIPE)
    return keep(made)


@pytest.fixture
def place(kept) -> InstalledStores:
    return kept.reset()


@pytest.fixture
def rows(kept):
    return make_flights(kept.stores.model, Days(first=HISTORY.first, last=tomorrow(NIGHT)))


def flip_a_tenth_of_the_past(rows):
    flipped = (rows["day"] <= BEFORE_JUDGED) & (np.arange(len(rows)) % 10 == 0)
    return rows.assign(label=np.where(flipped, 1 - rows["label"], rows["label"]))


def freeze_a_feature_of_the_past(rows):
    return rows.assign(carrier_late=rows["carrier_late"].where(rows["day"] > BEFORE_JUDGED, 50))


def lose_an_airline_of_the_past(rows):
    return rows[(rows["day"] > BEFORE_JUDGED) | (rows["airline"] != "DL")]


def storm_through_the_judged_week(rows):
    late = (rows["day"] > BEFORE_JUDGED) & (rows["day"] <= NIGHT) & (np.arange(len(rows)) % 3 == 0)
    return rows.assign(label=np.where(late, 1, rows["label"]))


def decide(place: InstalledStores):
    (decision,) = run_night(place, NIGHT, HEALTHY_RECIPE)
    return decision.kind, {reason.guard for reason in decision.reasons if not reason.passed}


def test_a_healthy_refresh_is_promoted(place):
    assert decide(place) == ("refreshed", set())


def test_a_healthy_refresh_is_promoted_after_a_week_of_storms_that_no_version_predicted(place, rows):
    deliver(place, storm_through_the_judged_week(rows))
    kind, spoke = decide(place)
    assert (kind, spoke) == ("refreshed", set())
    assert (
        place.installation.book.evaluations.newest(place.model.name)[0].challenger_measures.calibration_error
        > 0.15
    )


@pytest.mark.parametrize(
    "poison", [flip_a_tenth_of_the_past, freeze_a_feature_of_the_past, lose_an_airline_of_the_past]
)
def test_a_corrupted_refresh_is_held_and_the_champion_keeps_serving(place, rows, poison):
    before = place.installation.registry.champion(place.model.name).version
    deliver(place, poison(rows))
    kind, spoke = decide(place)
    assert kind == "held"
    assert "history" in spoke
    assert place.installation.registry.champion(place.model.name).version == before


def test_after_a_correction_of_the_data_the_next_refresh_is_promoted(place, rows):
    deliver(place, flip_a_tenth_of_the_past(rows))
    assert decide(place)[0] == "held"
    deliver(place, rows)
    (decision,) = run_night(place, NIGHT, HEALTHY_RECIPE)
    assert decision.kind == "refreshed"
