"""A recipe's weights reach the last step of its pipeline; unusable weights are reported with a row and a fix."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from contender.cards import make_card, render_html, render_markdown
from contender.evaluating import check_behaviour
from contender.specs import Between, Catalog, Column, Days, Input, Minimum, ModelSpec, Recipe
from contender.training import Functions, TrainingError, find_unusable_recipes, fingerprint_recipe, fit_recipe
from contender.training.weights import name_parameter, read_weights
from tests.unit.judged import evaluation, version
from tests.unit.test_safe_storage import boosted

DAY = date(2026, 3, 2)
DAYS = Days.one(DAY)


def column(name: str, **how) -> Column:
    return Column(**{"name": name, "type": "number", "description": name} | how)


def weighted_model(**how) -> ModelSpec:
    """A model of demand whose recipe weights rows by the turnover, which is known with the label."""
    return ModelSpec(
        **{
            "name": "demand",
            "description": "Demand.",
            "owner": "shop@company.example",
            "label": "units sold",
            "predicts": "quantity",
            "loss": "squared",
            "inputs": (Input(dataset="sales"),),
            "keys": (column("shop", type="integer"),),
            "features": (column("price"), column("stock"), column("sellers", nullable=True)),
            "weights": (column("turnover"),),
            "recipes": (Recipe(name="linear", window_days=30, weight="turnover"),),
            "baseline_features": ("price",),
        }
        | how
    )


MODEL = weighted_model()


def functions(build=lambda: make_pipeline(LinearRegression())) -> Functions:
    return Functions(lambda *_: build(), lambda _: make_pipeline(DummyRegressor()))


def rows_of(weights, **changed) -> pd.DataFrame:
    """One row per weight, whose labels lie on no line."""
    random = np.random.default_rng(1)
    count = len(weights)
    rows = pd.DataFrame(
        {
            "day": [DAY] * count,
            "shop": range(count),
            "price": random.normal(size=count),
            "stock": random.normal(size=count),
            "sellers": random.normal(size=count),
            "label": random.normal(size=count),
            "turnover": weights,
        }
    )
    return rows.assign(**changed)


def fit(rows: pd.DataFrame, model: ModelSpec = MODEL, made: Functions | None = None):
    return fit_recipe(model, model.recipes[0], made or functions(), DAYS, rows)


def coefficients(pipeline: Pipeline) -> np.ndarray:
    return np.append(pipeline[-1].coef_, pipeline[-1].intercept_)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(0, 5), min_size=8, max_size=30).filter(lambda weights: sum(map(bool, weights)) > 6)
)
def test_integer_weights_equal_repeated_rows_for_a_linear_model(weights):
    rows = rows_of(weights)
    repeated = rows.loc[rows.index.repeat(rows["turnover"])].assign(turnover=1)
    weighted, copied = (coefficients(fit(some).estimator) for some in (rows, repeated))
    np.testing.assert_allclose(weighted, copied, rtol=1e-6, atol=1e-8)


def test_a_row_counts_half_as_much_as_one_that_is_a_half_life_newer():
    model = weighted_model(recipes=(Recipe(name="faded", window_days=30, half_life_days=10),))
    days = [DAY - timedelta(days=ago) for ago in (0, 10, 20, 0)]
    rows = rows_of([1.0] * 4, day=days)
    assert read_weights(model, model.recipes[0], rows).tolist() == [1.0, 0.5, 0.25, 1.0]


def test_a_half_life_is_multiplied_with_the_weight():
    recipe = Recipe(name="faded", window_days=30, weight="turnover", half_life_days=10)
    model = weighted_model(recipes=(recipe,))
    rows = rows_of([3.0, 4.0], day=[DAY, DAY - timedelta(days=10)])
    assert read_weights(model, recipe, rows).tolist() == [3.0, 2.0]


def test_the_baseline_is_fitted_without_weights():
    rows = rows_of([1.0, 1.0, 100.0])
    assert fit(rows).baseline.predict(rows[["price"]])[0] == pytest.approx(rows["label"].mean())


@pytest.mark.parametrize(
    ("weights", "what"),
    [
        (
            [1.0, np.nan, 2.0],
            "the weight 'turnover' is nan in 1 of 3 rows, such as the row day=2026-03-02, shop=1",
        ),
        (
            [1.0, 2.0, np.inf],
            "the weight 'turnover' is inf in 1 of 3 rows, such as the row day=2026-03-02, shop=2",
        ),
        (
            [-1.0, -0.5, 2.0],
            "the weight 'turnover' is -1.0 in 2 of 3 rows, such as the row day=2026-03-02, shop=0",
        ),
        ([0.0, 0.0, 0.0], "the weight 'turnover' is 0 in all 3 rows: correct build_labels"),
    ],
)
def test_an_unusable_weight_stops_the_fit_with_its_row(weights, what):
    with pytest.raises(TrainingError, match="recipe 'linear' cannot be fitted on 2026-03-02") as error:
        fit(rows_of(weights))
    assert what in str(error.value)


def test_a_feature_can_be_the_weight_and_is_then_not_a_feature():
    model = weighted_model(weights=(), recipes=(Recipe(name="linear", window_days=30, weight="stock"),))
    assert model.seen_by(model.recipes[0]) == ("price", "sellers")
    weighted = fit(rows_of([1, 1, 1, 1, 1], stock=[1.0, 2.0, 3.0, 1.0, 2.0]), model)
    assert weighted.estimator[-1].n_features_in_ == 2


@pytest.mark.parametrize(
    ("estimator", "parameter"),
    [
        (Ridge(), "sample_weight"),
        (make_pipeline(FunctionTransformer(), Ridge()), "ridge__sample_weight"),
        (make_pipeline(HistGradientBoostingRegressor()), "histgradientboostingregressor__sample_weight"),
        (make_pipeline(GridSearchCV(Ridge(), {"alpha": [1]})), "gridsearchcv__sample_weight"),
        (GridSearchCV(make_pipeline(Ridge()), {"ridge__alpha": [1]}), "ridge__sample_weight"),
        (TransformedTargetRegressor(Ridge()), "sample_weight"),
        (make_pipeline(KNeighborsRegressor()), None),
        (make_pipeline(GridSearchCV(KNeighborsRegressor(), {"n_neighbors": [1]})), None),
        (make_pipeline(FunctionTransformer(), "passthrough"), None),
    ],
    ids=str,
)
def test_weights_are_passed_to_the_last_step(estimator, parameter):
    assert name_parameter(estimator) == parameter


@pytest.mark.parametrize(
    "build",
    [
        lambda: make_pipeline(GridSearchCV(Ridge(), {"alpha": [1.0, 2.0]}, cv=2)),
        lambda: make_pipeline(TransformedTargetRegressor(Ridge())),
        lambda: make_pipeline(boosted("LGBMRegressor")),
        lambda: make_pipeline(boosted("XGBRegressor")),
    ],
    ids=["search", "target", "lightgbm", "xgboost"],
)
def test_weights_change_the_fit_of_other_estimators(build):
    weights = np.arange(40) % 7
    weighted, equal = (
        fit(rows_of(weights, turnover=given), made=functions(build)).estimator.predict(
            rows_of(weights)[["price", "stock", "sellers"]]
        )
        for given in (weights, 1)
    )
    assert np.abs(weighted - equal).max() > 1e-6


ESTIMATOR = """
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
def build_estimator(parameters, seed):
    return make_pipeline(KNeighborsRegressor())
"""


@pytest.fixture
def home(tmp_path) -> Path:
    """A model's folder with an estimator that takes no weights."""
    folder = tmp_path / "models" / "demand"
    folder.mkdir(parents=True)
    (folder / "estimator.py").write_text(ESTIMATOR)
    (folder / "baseline.py").write_text("def build_baseline(seed): ...\n")
    (folder / "features.py").write_text("")
    return folder


def test_an_estimator_without_weights_is_one_line_of_the_check(home, tmp_path):
    def mistakes(model: ModelSpec) -> list[str]:
        return find_unusable_recipes(Catalog(home=tmp_path, datasets={}, models={"demand": model}))

    assert mistakes(weighted_model(recipes=(Recipe(name="linear", window_days=30),))) == []
    assert mistakes(MODEL) == [
        "demand/spec.py: recipes: the estimator of recipe 'linear' takes no weights (`sample_weight` of fit): "
        "choose another estimator in estimator.py, or remove weight='turnover'"
    ]


def test_a_weight_changes_the_fingerprint_of_a_recipe_and_its_absence_does_not(home):
    plain = Recipe(name="linear", window_days=30)
    model = weighted_model(recipes=(plain,))
    before_weights = sha256(
        ESTIMATOR.encode()
        + b'{"name":"linear","window_days":30,"estimator":"estimator","features":[],"parameters":{},"seed":0}'
        + b"price\nstock\nsellers"
    )
    assert fingerprint_recipe(model, plain, home) == before_weights.hexdigest()[:16]
    assert fingerprint_recipe(MODEL, MODEL.recipes[0], home) != fingerprint_recipe(model, plain, home)


def test_weights_are_columns_of_the_label_table_and_its_gate_rejects_negative_ones():
    contract = MODEL.label_contract
    assert contract.column_names == ("day", "shop", "label", "turnover")
    assert contract.expectations == (Between(column="turnover", low=0),)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"weights": (column("price"),)}, "weights: 'price' is declared twice: remove one"),
        ({"weights": (column("label"),)}, "weights: 'label' is a reserved name"),
        (
            {"weights": (column("turnover", nullable=True),)},
            "weights: 'turnover': 'turnover' is not a number in every",
        ),
        ({"weights": (column("turnover", type="string"),)}, "declare it `number` or `integer`, not nullable"),
        (
            {"recipes": (Recipe(name="linear", window_days=30, weight="revenue"),)},
            "recipes: 'linear': weight: unknown column 'revenue': use one of price, stock, sellers, turnover",
        ),
        (
            {"recipes": (Recipe(name="linear", window_days=30, weight="sellers"),)},
            "recipes: 'linear': weight: 'sellers' is not a number in every row",
        ),
        (
            {
                "recipes": (
                    Recipe(name="linear", window_days=30, weight="stock", features=("price", "stock")),
                )
            },
            "recipes: 'linear': features: 'stock' is the weight: remove it from `features`",
        ),
    ],
)
def test_a_mistake_in_the_declaration_of_a_weight_names_field_and_fix(how, message):
    with pytest.raises(ValidationError, match="ModelSpec") as error:
        weighted_model(**how)
    assert message in str(error.value)


def test_behaviour_tests_do_not_see_weights():
    seen = []

    def remember(rows: pd.DataFrame) -> pd.DataFrame:
        seen.extend(rows.columns)
        return rows

    test = Minimum(name="demand is possible", change=remember, low=-10, high=10)
    check_behaviour(MODEL, [test], rows_of([1.0, 2.0]), lambda rows: np.zeros(len(rows)))
    assert {"label", "turnover"}.isdisjoint(seen)


@pytest.mark.parametrize("render", [render_markdown, render_html])
def test_the_card_names_the_weight(catalog, render):
    spec = catalog.model("flight_delay")
    weighted = version(2).model_copy(update={"weight": "turnover"})
    text, plain = (
        render(make_card(spec, spec, evaluation(challenger=made), (), (), None))
        for made in (weighted, version(2))
    )
    assert "turnover" in text
    assert "not weighted" in text
    assert "not weighted" not in plain
