"""Made-up flights with a label of several classes, or with quantiles to predict: the same rows, two models."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from contender.gating import check
from contender.installation import Installation
from contender.retraining import InstalledStores
from contender.scoring import score
from contender.settings import Settings
from contender.specs import Catalog, Days, ModelSpec, Recipe, Slice
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

CLASSES = ("early", "on_time", "late", "diverted")  # no made-up flight is diverted
CLASS_FILES = {
    "estimator.py": """
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
def build_estimator(parameters, seed):
    return make_pipeline(HistGradientBoostingClassifier(random_state=seed, **parameters))
""",
    "shares.py": """
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
def build_estimator(parameters, seed):
    return make_pipeline(DummyClassifier(strategy="prior"))
""",
    "baseline.py": """
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
def build_baseline(seed):
    return make_pipeline(DummyClassifier(strategy="prior"))
""",
    "features.py": "",
    "behaviour.py": """
from contender.specs import Direction
def late_before(rows):
    return rows.assign(carrier_late=95)
BEHAVIOUR = (
    Direction(name="a carrier that was late is late", change=late_before, expect="up", score="score_late"),
)
""",
}
QUANTILE_FILES = {
    "estimator.py": """
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
def build_estimator(parameters, seed):
    return make_pipeline(HistGradientBoostingRegressor(loss="quantile", random_state=seed, **parameters))
""",
    "constant.py": """
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import make_pipeline
def build_estimator(parameters, seed):
    return make_pipeline(DummyRegressor(strategy="quantile", quantile=parameters["quantile"]))
""",
    "baseline.py": """
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import make_pipeline
def build_baseline(seed, quantile):
    return make_pipeline(DummyRegressor(strategy="quantile", quantile=quantile))
""",
    "features.py": "",
}


def write_catalog(home: Path, model: ModelSpec) -> Catalog:
    """Write the files of one of the two models, and return a catalog with only this model."""
    return write_model(home, model, CLASS_FILES if model.classes else QUANTILE_FILES)


def install(home: Path, model: ModelSpec) -> InstalledStores:
    """Return an installation with one of the two models and its rows."""
    ours = Installation(Settings(home=home / "home"), write_catalog(home / "catalog", model))
    made = InstalledStores(ours, model)
    deliver(made, make_rows(model, Days(first=HISTORY.first, last=tomorrow(NIGHT))))
    return made


def live_two_nights(made: InstalledStores) -> None:
    """Run two nights, so that there is a first champion and its refresh, and serve the newest day."""
    run_night(made, NIGHT - timedelta(days=2))
    run_night(made, NIGHT - timedelta(days=1))
    contract = made.model.prediction_contract
    batch = score(made.installation, made.model, Days.one(NIGHT - timedelta(days=1)))
    assert check(contract, batch, "scored").verdict == "pass"
    made.installation.lake.publish(contract, batch)


def make_rows(model: ModelSpec, days: Days) -> pd.DataFrame:
    """Make flights, whose status or delay depends on how often the carrier was late."""
    rows = make_flights(model, days)
    if model.classes:
        return rows.assign(label=np.array(CLASSES)[np.digitize(rows["carrier_late"], [30, 70])])
    return rows.assign(label=rows["carrier_late"] + np.random.default_rng(3).normal(0, 10, len(rows)))


def specify_classes(flights: ModelSpec) -> ModelSpec:
    """Return a model of the status of a flight, with the keys and numbers of `flights`."""
    return specify(
        flights,
        name="flight_status",
        description="Whether a departure will be early, on time or late.",
        label="status at arrival",
        predicts="class",
        classes=CLASSES,
        recipes=(
            Recipe(name="trees", window_days=40, parameters={"max_iter": 15, "learning_rate": 0.3}),
            Recipe(name="shares", estimator="shares", window_days=40),
        ),
        slices=(Slice(column="origin"),),
    )


def specify_quantiles(flights: ModelSpec) -> ModelSpec:
    """Return a model of the delay of a flight with an interval, with the keys and numbers of `flights`."""
    return specify(
        flights,
        name="minutes_between",
        description="How late a departure will be, with an interval.",
        quantiles=(0.1, 0.5, 0.9),
        recipes=(
            Recipe(name="trees", window_days=40, parameters={"max_iter": 15, "max_leaf_nodes": 6}),
            Recipe(name="constant", estimator="constant", window_days=40),
        ),
    )
