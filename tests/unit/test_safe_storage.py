"""Any estimator of scikit-learn is stored without pickle, and nothing else is loaded."""

from __future__ import annotations

import importlib
import inspect
import warnings
from functools import partial

import numpy as np
import pytest
import scipy.stats
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_files, make_classification
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_selection import SelectFromModel, SelectKBest, mutual_info_classif
from sklearn.impute import KNNImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    QuantileTransformer,
    SplineTransformer,
    TargetEncoder,
)
from sklearn.utils.discovery import all_estimators

from contender.safe_storage import UnsafeModel, find_untrusted, load_pipeline, store_pipeline

X, CLASSES = make_classification(80, 6, random_state=0)
X = np.abs(X)
QUANTITIES = X[:, 0] + 1.0

INNER = LogisticRegression(max_iter=20)
# Their rows have another form than the rows of a model: several outcomes, or a single feature as a vector.
OF_ANOTHER_FORM = {
    "CCA",
    "ClassifierChain",
    "IsotonicRegression",
    "MultiOutputClassifier",
    "MultiOutputRegressor",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "PLSCanonical",
    "RegressorChain",
}
SUPERVISED = [
    (name, kind, estimator)
    for kind in ("classifier", "regressor")
    for name, estimator in all_estimators(type_filter=kind)
    if name not in OF_ANOTHER_FORM
]


def reloaded(estimator):
    return load_pipeline(store_pipeline(estimator, "churn", "a recipe"))


@pytest.mark.parametrize(("name", "kind", "estimator"), SUPERVISED, ids=[name for name, _, _ in SUPERVISED])
def test_an_estimator_predicts_the_same_after_loading(name, kind, estimator):
    inner = INNER if kind == "classifier" else LinearRegression()
    parts = {"estimator": inner, "estimators": [("inner", inner)]}
    required = {part: value for part, value in parts.items() if is_required(estimator, part)}
    outcomes = CLASSES if kind == "classifier" else QUANTITIES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of estimators that do not converge on so few rows
        fitted = estimator(**required).fit(X, outcomes)
    assert np.array_equal(reloaded(fitted).predict(X), fitted.predict(X))


def is_required(estimator, parameter):
    given = inspect.signature(estimator.__init__).parameters.get(parameter)
    return given is not None and given.default in (inspect.Parameter.empty, None)


@pytest.mark.parametrize(
    "estimator",
    [
        CalibratedClassifierCV(INNER, method="isotonic"),
        GridSearchCV(INNER, {"C": [0.1, 1.0]}, scoring="neg_log_loss", cv=TimeSeriesSplit(3)),
        RandomizedSearchCV(INNER, {"C": [0.1, 1.0]}, n_iter=2, random_state=0),
        StackingClassifier([("forest", RandomForestClassifier(3)), ("linear", INNER)]),
        VotingClassifier([("forest", RandomForestClassifier(3)), ("linear", INNER)], voting="soft"),
        make_pipeline(ColumnTransformer([("one", OneHotEncoder(handle_unknown="ignore"), [0])]), INNER),
        make_pipeline(FunctionTransformer(np.log1p), INNER),
        make_pipeline(KNNImputer(), INNER),
        make_pipeline(QuantileTransformer(n_quantiles=10), INNER),
        make_pipeline(SelectFromModel(INNER), INNER),
        make_pipeline(SelectKBest(mutual_info_classif, k=2), INNER),
        make_pipeline(SplineTransformer(), INNER),
        make_pipeline(TargetEncoder(), INNER),
    ],
    ids=lambda estimator: str(estimator)[:50],
)
def test_a_composed_estimator_predicts_the_same_after_loading(estimator):
    fitted = estimator.fit(X, CLASSES)
    assert np.array_equal(reloaded(fitted).predict_proba(X), fitted.predict_proba(X))


def boosted(name: str):
    """Return an estimator of LightGBM or XGBoost; their packages are imported only when a test needs one."""
    package = "lightgbm" if name.startswith("LGBM") else "xgboost"
    try:
        kind = getattr(importlib.import_module(package), name)
    except OSError as error:  # LightGBM needs the system's libgomp
        pytest.skip(f"{package} cannot be loaded on this machine: {error}")
    few = {"n_estimators": 5, "n_jobs": 1}
    return kind(**few, verbose=-1, min_child_samples=2) if package == "lightgbm" else kind(**few)


@pytest.mark.parametrize(
    ("name", "compose"),
    [
        ("LGBMClassifier", lambda estimator: estimator),
        ("LGBMRegressor", lambda estimator: estimator),
        ("XGBClassifier", lambda estimator: estimator),
        ("XGBRegressor", lambda estimator: estimator),
        ("XGBRFClassifier", lambda estimator: estimator),
        ("XGBRFRegressor", lambda estimator: estimator),
        (
            "LGBMClassifier",
            lambda estimator: make_pipeline(KNNImputer(), estimator.set_params(boosting_type="dart")),
        ),
        ("XGBClassifier", lambda estimator: CalibratedClassifierCV(estimator, cv=2)),
    ],
)
def test_a_boosted_model_of_another_package_predicts_the_same_after_loading(name, compose):
    fitted = compose(boosted(name)).fit(X, CLASSES)
    assert np.array_equal(reloaded(fitted).predict(X), fitted.predict(X))


class OwnTransformer(FunctionTransformer):
    """A class of another module than scikit-learn's."""


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (OwnTransformer(), "OwnTransformer"),
        (FunctionTransformer(load_files), "load_files"),
        (FunctionTransformer(partial(eval, "1")), "eval"),
        (RandomizedSearchCV(INNER, {"C": scipy.stats.uniform(0.1, 1)}), "scipy.stats"),
    ],
    ids=["own class", "reads files", "runs code", "distribution"],
)
def test_an_estimator_that_could_run_code_is_rejected_before_its_fit(estimator, named):
    with pytest.raises(UnsafeModel, match=rf"churn: recipe 'a recipe': .*{named}.* cannot be loaded"):
        store_pipeline(estimator, "churn", "a recipe")


@pytest.mark.parametrize(
    "name",
    [
        "builtins.eval",
        "os.system",
        "sklearn.datasets._openml.fetch_openml",
        "sklearn.does_not_exist.Thing",
        "sklearn.externals._packaging.version.Version",
        "sklearn.utils.parallel.Parallel",
        "sklearn.base.clone",
        "sklearnx.Thing",
        "lightgbm.basic.Dataset",
        "lightgbm.sklearn._LGBMModelBase",
        "xgboost.sklearn.json.loads",
        "xgboost.core.DMatrix",
        "scipy.stats._distn_infrastructure.rv_continuous_frozen",
    ],
)
def test_a_name_outside_the_trusted_parts_is_untrusted(name):
    assert find_untrusted([name]) == [name]
