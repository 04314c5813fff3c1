"""A recipe that cannot be built, fitted or stored is refused in one line that names it and the cause."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

from contender.retraining import run_night
from contender.safe_storage import UnsafeModel
from contender.specs import Catalog, Days
from contender.training import Functions, TrainingError, find_unusable_recipes, fit_recipe
from tests.integration.made_up import NIGHT, write_model
from tests.made_up_kinds import CLASS_FILES, install, make_rows, specify_classes

DAYS = Days(first=date(2013, 1, 1), last=date(2013, 1, 3))
UNSAFE = """
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
def build_estimator(parameters, seed):
    return make_pipeline(FunctionTransformer(eval), DummyClassifier())
"""
NEEDS_MORE = "def build_estimator(parameters, seed, depth):\n    return None\n"


@pytest.fixture
def model(catalog):
    return specify_classes(catalog.model("flight_delay"))


def write(home: Path, model, shares: str) -> Catalog:
    return write_model(home, model, {**CLASS_FILES, "shares.py": shares})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (UNSAFE, "flight_status: recipe 'shares': builtins.eval cannot be loaded without running code"),
        (NEEDS_MORE, "flight_status/shares.py: build_estimator fails for recipe 'shares': TypeError: "),
    ],
)
def test_the_check_names_the_recipe_and_the_cause_and_no_other_recipe(model, tmp_path, source, said):
    (mistake,) = find_unusable_recipes(write(tmp_path, model, source))
    assert mistake.startswith(said)


def test_a_night_goes_on_without_a_recipe_that_could_run_code(model, tmp_path):
    stores = install(tmp_path, model)
    (stores.installation.catalog.model_home(model.name) / "shares.py").write_text(UNSAFE)
    done = run_night(stores, NIGHT)
    assert [version.recipe for version in done.versions] == ["trees"]
    assert [decision.kind for decision in done.entered] == ["first"]
    with pytest.raises(TrainingError, match=r"recipe 'shares': builtins\.eval cannot be loaded"):
        run_night(stores, NIGHT, ["shares"])


def prior() -> object:
    return make_pipeline(DummyClassifier(strategy="prior"))


def test_a_fit_of_what_could_run_code_is_refused_before_it_begins(model):
    unsafe = make_pipeline(FunctionTransformer(eval), DummyClassifier())
    functions = Functions(lambda *_: unsafe, lambda _: prior())
    with pytest.raises(UnsafeModel, match=r"recipe 'trees': builtins\.eval cannot be loaded"):
        fit_recipe(model, model.recipes[0], functions, DAYS, make_rows(model, DAYS))
    with pytest.raises(NotFittedError):
        check_is_fitted(unsafe)


def test_a_label_that_is_no_class_of_the_model_is_named_before_the_fit(model):
    rows: pd.DataFrame = make_rows(model, DAYS)
    rows.loc[rows.index[-1], "label"] = "cancelled"
    functions = Functions(lambda *_: prior(), lambda _: prior())
    with pytest.raises(TrainingError, match="'cancelled' is not declared: add it to `classes`"):
        fit_recipe(model, model.recipes[0], functions, DAYS, rows)
