"""`contender check` finds an estimator that cannot be built or stored before a night does."""

from __future__ import annotations

import pytest

from contender.training import find_unusable_recipes
from tests.integration.made_up import copy_catalog

UNSAFE = """
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

def build_estimator(parameters, seed):
    return make_pipeline(FunctionTransformer(eval))
"""
BROKEN = """
from sklearn.linear_model import LogisticRegression

def build_estimator(parameters, seed):
    return LogisticRegression(depth=3)
"""


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (UNSAFE, "flight_delay: recipe 'linear': builtins.eval cannot be loaded without running code"),
        (BROKEN, "flight_delay/linear.py: build_estimator fails for recipe 'linear': TypeError"),
    ],
    ids=["unsafe", "broken"],
)
def test_an_unusable_estimator_is_one_line_of_the_check(tmp_path, source, line):
    catalog = copy_catalog(tmp_path / "catalog")
    (catalog.model_home("flight_delay") / "linear.py").write_text(source)
    assert [found.startswith(line) for found in find_unusable_recipes(catalog)] == [True]


def test_the_estimators_of_the_project_can_be_built_and_stored(catalog):
    assert find_unusable_recipes(catalog) == []
