"""A weighted recipe is recorded and evaluated without weights; the gate of its label table rejects bad weights."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from contender.gating import check
from contender.installation import Installation
from contender.lake import read_examples, stage
from contender.measures import predict
from contender.retraining import InstalledStores, run_night
from contender.specs import Column, Days, Recipe
from tests.integration.made_up import (
    HISTORY,
    NIGHT,
    deliver,
    make_flights,
    specify,
    tomorrow,
    write_model,
)

FILES = {
    "estimator.py": """
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
def build_estimator(parameters, seed):
    return make_pipeline(Ridge())
""",
    "baseline.py": """
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import make_pipeline
def build_baseline(seed):
    return make_pipeline(DummyRegressor())
""",
    "features.py": "",
}


@pytest.fixture
def stores(catalog, tmp_path, here) -> InstalledStores:
    """Minutes late of made-up flights, weighted by their seats, and the same without weights."""
    model = specify(
        catalog.model("flight_delay"),
        loss="squared",
        weights=(Column(name="passengers", type="integer", description="on board"),),
        recipes=(
            Recipe(name="weighted", window_days=60, weight="passengers"),
            Recipe(name="equal", window_days=60),
        ),
    )
    ours = write_model(tmp_path / "catalog", model, FILES)
    rows = make_flights(model, Days(first=HISTORY.first, last=tomorrow(NIGHT)))
    # The slope differs between full and empty aircraft.
    rows["passengers"] = rows["flight"] % 4 * 100
    rows["label"] = rows["carrier_late"] * np.where(rows["passengers"] > 100, 0.7, 0.2)
    made = InstalledStores(Installation(here, ours), model)
    deliver(made, rows)
    return made


def test_a_weighted_recipe_is_recorded_and_evaluated_without_weights(stores):
    weighted, equal = run_night(stores, NIGHT).versions
    assert (weighted.weight, equal.weight) == ("passengers", None)
    assert "passengers" not in weighted.features
    here, model = stores.installation, stores.model
    assert here.registry.version(model.name, weighted.version).weight == "passengers"
    for evaluation in here.book.evaluations.newest(model.name):
        made = evaluation.challenger
        rows = read_examples(here.lake, model, evaluation.judged_on, made.pins)
        pipeline = here.registry.load(model.name, made.version)
        errors = predict(model, pipeline, rows, made.features) - rows["label"]
        assert evaluation.challenger_measures.loss == pytest.approx((errors**2).mean())


@pytest.mark.parametrize("weight", [-1, None])
def test_a_label_table_with_a_negative_or_missing_weight_fails_its_gate(stores, weight):
    contract = stores.model.label_contract
    rows = stores.installation.lake.read(contract, Days.one(NIGHT))
    place = contract.column_names.index("passengers")
    weights = [weight, *rows["passengers"].to_pylist()[1:]]
    changed = rows.set_column(place, "passengers", pa.array(weights, pa.int64()))
    batch = stage(changed, contract, Days.one(NIGHT), stores.installation.settings.staging)
    result = check(contract, batch, "run 1")
    assert result.verdict == "fail"
    assert any("passengers" in failed.expectation for failed in result.failed)
