"""A model of a quantity is fitted, evaluated by its own loss, scored and monitored like one of a probability."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contender.installation import Installation
from contender.monitoring import measure_performance
from contender.retraining import InstalledStores
from contender.scoring import score
from contender.settings import Settings
from contender.specs import Days, Recipe
from tests.integration.keeping import Kept, keep
from tests.integration.made_up import (
    HISTORY,
    NIGHT,
    deliver,
    make_flights,
    run_night,
    specify,
    tomorrow,
    write_model,
)

FILES = {
    "estimator.py": """
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
def build_estimator(parameters, seed):
    return make_pipeline(HistGradientBoostingRegressor(random_state=seed, **parameters))
""",
    "median.py": """
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import make_pipeline
def build_estimator(parameters, seed):
    return make_pipeline(DummyRegressor(strategy="median"))
""",
    "baseline.py": """
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import make_pipeline
def build_baseline(seed):
    return make_pipeline(DummyRegressor())
""",
    "features.py": "",
    "cost.py": """
import numpy as np
def compute_costs(outcomes, predictions):
    late = outcomes - predictions
    return np.where(late > 0, 3 * late, -late)
""",
}


@pytest.fixture(scope="module", params=["squared", "absolute", "cost"])
def kept(request, catalog, tmp_path_factory) -> Kept:
    """Minutes late of made-up flights, with a first champion since two nights ago."""
    model = specify(
        catalog.model("flight_delay"),
        loss=request.param,
        recipes=(
            Recipe(name="trees", window_days=60, parameters={"max_iter": 20}),
            Recipe(name="median", estimator="median", window_days=60),
        ),
    )
    place = tmp_path_factory.mktemp("quantity")
    ours = write_model(place / "catalog", model, FILES)
    rows = make_flights(model, Days(first=HISTORY.first, last=tomorrow(NIGHT)))
    rows["label"] = rows["carrier_late"] * 0.7 - 20
    made = InstalledStores(Installation(Settings(home=place / "home"), ours), model)
    deliver(made, rows)
    run_night(made, NIGHT - timedelta(days=2))
    return keep(made)


@pytest.fixture
def place(kept) -> InstalledStores:
    return kept.reset()


def test_it_is_evaluated_refreshed_and_tested_by_its_own_loss(place):
    decisions = run_night(place, NIGHT - timedelta(days=1))
    assert [decision.kind for decision in decisions] == ["refreshed"]
    evaluation = place.installation.book.evaluations.newest(place.model.name)[0]
    assert evaluation.challenger_measures.loss > 0
    assert evaluation.challenger_measures.auc is None
    (pair,) = place.installation.book.pairs.since(place.model.name, "race", HISTORY.first)
    assert pair.incumbent_loss < pair.rival_loss


def test_its_predictions_are_compared_with_outcomes(place):
    batch = score(place.installation, place.model, Days.one(NIGHT - timedelta(days=1)))
    place.installation.lake.publish(place.model.prediction_contract, batch)
    told = measure_performance(place.installation, place.model, NIGHT)
    assert told.measures is not None
    assert told.measures.rows == 60
    assert told.measures.mean_absolute_error < 5
