"""What is measured of fits: noise and permuted labels are no-go, and a signal is found and named."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from contender.backtesting import cut
from contender.feasibility import judge
from contender.feasibility.ages import AGE, add_ages
from contender.feasibility.folds import plan_folds
from contender.feasibility.measure import (
    Subject,
    count_fits,
    measure_curve,
    measure_held_out,
    permute_labels,
)
from contender.feasibility.read import _measure
from contender.measures import choose_loss
from contender.settings import PROJECT
from contender.specs import Days, load_catalog
from contender.training import Functions
from tests.integration.made_up import make_flights
from tests.unit.studied import study

CATALOG = load_catalog(PROJECT / "include" / "catalog")
SEEN = ("carrier_late", "dep_hour", "wind")
SHIPPED = CATALOG.model("flight_delay")
MODEL = SHIPPED.model_copy(
    update={
        "recipes": (SHIPPED.recipes[0].model_copy(update={"features": SEEN}),),
        "baseline_features": ("dep_hour",),
    }
)
DAYS = Days(first=date(2013, 1, 1), last=date(2013, 4, 30))
FUNCTIONS = Functions(
    lambda _, __: make_pipeline(StandardScaler(), LogisticRegression()),
    lambda _: make_pipeline(DummyClassifier(strategy="prior")),
)


def subject(rows, seed=0):
    rows = add_ages(MODEL, rows)
    history = cut(MODEL, rows, DAYS)
    folds = plan_folds(MODEL, sorted(set(rows["day"])))
    loss = choose_loss(MODEL, CATALOG.model_home(MODEL.name))
    return Subject(MODEL, MODEL.recipes[0], FUNCTIONS, loss, history, folds, seed)


def measure(rows, seed=0):
    """The study of rows with everything else good."""
    ours = subject(rows, seed)
    steps = []
    measured, failed = measure_curve(ours, lambda: steps.append(None))
    held = measure_held_out(ours, lambda: steps.append(None))
    assert len(steps) == count_fits(ours.folds) or failed
    return study(
        curve=tuple(measured),
        failed_sizes=tuple(failed),
        comparison=held.compare(),
        gains=held.rank_features(),
        ages=held.split_by_age(held.rows[AGE].to_numpy(np.int64)),
    )


def test_a_signal_is_go_and_the_feature_that_carries_it_is_named():
    found = judge(measure(make_flights(MODEL, DAYS)))
    assert found.verdict == "go"
    best, *others = found.study.gains
    assert best.name == "carrier_late"
    assert best.gain.is_above_zero
    assert max(one.gain.value for one in others) < best.gain.value / 100


@settings(max_examples=3, derandomize=True)
@given(st.integers(0, 10_000))
def test_permuted_labels_are_no_go(seed):
    rows = make_flights(MODEL, DAYS)
    labels = permute_labels(rows, within=True, random=np.random.default_rng(seed))
    assert judge(measure(rows.assign(label=labels), seed)).verdict == "no-go"


@settings(max_examples=3, derandomize=True)
@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_noise_is_no_go(seed, share):
    rows = make_flights(MODEL, DAYS)
    labels = (np.random.default_rng(seed).random(len(rows)) < share).astype(int)
    assert judge(measure(rows.assign(label=labels), seed)).verdict == "no-go"


@pytest.mark.parametrize("within", [True, False])
def test_a_permutation_keeps_all_labels_and_within_days_those_of_each_day(within):
    rows = make_flights(MODEL, Days(first=DAYS.first, last=date(2013, 1, 9)))
    labels = permute_labels(rows, within, np.random.default_rng(1))
    assert sorted(labels) == sorted(rows["label"])
    permuted = rows.assign(label=labels)
    assert (permuted["label"] != rows["label"]).any()
    same = permuted.groupby("day")["label"].sum() == rows.groupby("day")["label"].sum()
    assert same.all() == within


def test_days_of_few_rows_are_permuted_over_all_days():
    rows = make_flights(MODEL, DAYS, a_day=5)
    assert not measure(rows).comparison.within_day


def test_a_size_that_cannot_be_fitted_is_left_out_and_named():
    rows = make_flights(MODEL, DAYS)
    newest = rows["day"] >= date(2013, 3, 20)
    rows["label"] = np.where(newest & (rows["day"] <= date(2013, 3, 26)), 0, rows["label"])
    found = measure(rows)
    assert found.failed_sizes
    assert not set(found.failed_sizes) & {point.days for point in found.curve}


@pytest.mark.parametrize(
    ("pipeline", "why"),
    [
        (make_pipeline(FunctionTransformer(eval), DummyClassifier()), "builtins.eval cannot be loaded"),
        (
            make_pipeline(StandardScaler(), LogisticRegression(C=-1.0)),
            "InvalidParameterError: The 'C' parameter",
        ),
    ],
)
def test_why_a_recipe_can_never_be_fitted_is_the_result_of_the_study(pipeline, why):
    unfit = subject(make_flights(MODEL, DAYS))._replace(
        functions=Functions(lambda *_: pipeline, FUNCTIONS[1])
    )
    found = _measure(study(), unfit, lambda _: None)
    assert found.failure is not None
    assert why in found.failure
    assert judge(found).verdict == "wait"
