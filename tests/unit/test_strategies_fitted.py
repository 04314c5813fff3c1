"""Strategies for a break are fitted on the newest labels, with enough rows; the baseline is one of them."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from pydantic import ValidationError

from contender.specs import BASELINE, Days, ModelSpec, Recipe, Recovery
from contender.training import TooFewRows, fit_recipe, load_functions, training_days

NIGHT = date(2013, 9, 1)
SHORT = Recipe(name="short", window_days=14)


@pytest.fixture
def model(catalog) -> ModelSpec:
    shipped = catalog.model("flight_delay")
    return shipped.model_copy(update={"recovery": Recovery(recipes=(SHORT,), min_rows=50)})


def test_the_window_of_a_strategy_ends_with_the_newest_labels(model):
    assert training_days(model, SHORT, NIGHT) == Days(first=date(2013, 8, 19), last=NIGHT)
    assert training_days(model, model.recipes[0], NIGHT).last == date(2013, 8, 25)


def test_a_strategy_with_too_few_rows_says_so(model):
    rows = pd.DataFrame({"day": [NIGHT] * 49, "label": [0, 1] * 24 + [0]})
    with pytest.raises(TooFewRows, match=r"strategy 'short' has 49 training rows .*, fewer than 50"):
        fit_recipe(model, SHORT, load_functions, Days.one(NIGHT), rows)


def test_the_baseline_is_a_strategy_with_its_own_features(model, catalog):
    baseline = model.recipe(BASELINE)
    assert model.strategies == (SHORT, baseline)
    assert model.seen_by(baseline) == model.baseline_features
    functions = load_functions(catalog.model_home(model.name), baseline)
    assert repr(functions.build_estimator({}, 1)) == repr(functions.build_baseline(1))


def test_a_strategy_may_not_have_the_name_of_a_recipe(model):
    values = model.model_dump() | {"recovery": {"recipes": [{"name": "linear", "window_days": 14}]}}
    with pytest.raises(ValidationError, match="'linear' is declared twice"):
        ModelSpec.model_validate(values)
