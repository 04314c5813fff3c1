"""The judgements of a study: the verdict by its rules, forecasts of learning curves, and what is said of each part."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.feasibility import judge
from contender.feasibility.ages import AGE, NEW, add_ages
from contender.feasibility.folds import BLOCKS, plan_folds
from contender.feasibility.forecast import find_misbehaviour, forecast
from contender.feasibility.report import render_report
from contender.settings import PROJECT
from contender.specs import Days, load_catalog
from tests.integration.made_up import make_flights
from tests.unit.studied import (
    SIZES,
    arrivals,
    comparison,
    curve,
    estimate,
    history,
    law,
    study,
)

FLIGHTS = load_catalog(PROJECT / "include" / "catalog").model("flight_delay")
CANNOT = "cannot be extrapolated"


def said(found, part: int) -> str:
    return " ".join(found.parts[part].sentences)


def timing(**own: object):
    good = study().timing
    return good.model_copy(update={"inputs": (arrivals(**own),)})


def test_a_model_with_everything_good_is_go():
    found = judge(study())
    assert found.verdict == "go"
    assert [part.answer for part in found.parts] == ["yes"] * 5


@pytest.mark.parametrize("worse", ["beyond_baseline", "beyond_floor"])
@pytest.mark.parametrize("value", [0.0, 0.05])
def test_a_model_not_certainly_better_than_baseline_and_floor_is_no_go(worse, value):
    flat = curve(*[0.25] * len(SIZES), noise=1e-4)
    found = judge(study(comparison=comparison(**{worse: estimate(value)}), curve=flat))
    assert found.verdict == "no-go"
    assert "not certainly better" in found.reasons[0]


def test_a_model_that_is_forecast_to_become_better_is_worth_waiting_for():
    falling = curve(*law(0.1, 0.4, 0.4), noise=1e-4)
    now = falling[-1].loss
    level = comparison(baseline=now, floor=now, beyond_baseline=estimate(0.0), beyond_floor=estimate(0.0))
    found = judge(study(curve=falling, comparison=level))
    assert found.verdict == "wait"
    assert "still falling" in found.reasons[-1]


def test_a_model_that_looks_better_than_the_baseline_waits_for_more_held_out_days():
    flat = curve(*[0.25] * len(SIZES), noise=1e-4)
    unsure = comparison(days=25, beyond_baseline=estimate(-0.01, reach=0.0155))
    found = judge(study(comparison=unsure, curve=flat))
    assert found.verdict == "wait"
    assert "about 61 held-out days show it; now there are 25" in found.reasons[1]
    wide = comparison(days=25, beyond_baseline=estimate(-0.01, reach=0.021))
    assert judge(study(comparison=wide, curve=flat)).verdict == "no-go"
    no_signal = unsure.model_copy(update={"beyond_floor": estimate(-0.01, reach=0.016)})
    assert judge(study(comparison=no_signal, curve=flat)).verdict == "no-go"


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ({"history": history(20)}, "There are 20 days"),
        ({"history": history(rows=900)}, "There are 900 labelled rows"),
        ({"history": history(60)}, "covers 60 days of a year"),
        ({"history": history(missing_days=40)}, "40 of 300 days are missing"),
        ({"timing": timing(due=arrivals().deadline + timedelta(hours=1))}, "is due at 07:00 UTC"),
        ({"timing": timing(late=4)}, "4 of 30 recorded deliveries"),
        (
            {"failure": "no labels", "comparison": None, "curve": ()},
            "cannot be fitted or measured: no labels",
        ),
        ({"comparison": None, "curve": ()}, "too few days before the held-out ones"),
    ],
)
def test_what_is_too_little_or_too_late_is_waited_for_with_the_reason(own, reason):
    found = judge(study(**own))
    assert found.verdict == "wait"
    assert reason in " ".join(found.reasons)


@pytest.mark.parametrize("own", [{"history": history(20)}, {"history": history(rows=900)}])
def test_with_too_little_data_nothing_is_ruled_out(own):
    hopeless = comparison(beyond_baseline=estimate(0.1), beyond_floor=estimate(0.1))
    assert judge(study(comparison=hopeless, **own)).verdict == "wait"


def test_few_recorded_deliveries_prove_no_lateness():
    assert judge(study(timing=timing(recorded=4, late=4))).verdict == "go"


def test_a_forecast_says_whether_more_rows_are_worth_having():
    plateau = judge(study(curve=curve(*law(0.2, 0.05, 1.5), noise=1e-5)))
    assert "1,000,000 rows are not needed" in said(plateau, 0)
    steep = judge(study(curve=curve(*law(0.05, 0.4, 0.3), noise=1e-5)))
    assert "1,000,000 rows are worth having" in said(steep, 0)


@pytest.mark.parametrize(
    ("losses", "why"),
    [
        ((0.30, 0.27, 0.25, 0.24, 0.235, 0.26, 0.235, 0.23), "it rises"),  # a peak
        ((0.30, 0.27, 0.25, 0.24, 0.235, 0.25, 0.26, 0.27), "it rises"),  # a dip, and then a rise
        ((0.30, 0.27, 0.262, 0.261, 0.26, 0.26, 0.26, 0.20), "it falls fastest just before"),  # a late fall
        ((0.30, 0.27, 0.25, 0.24, 0.238, 0.237, 0.236, 0.22), "it is not convex"),
    ],
)
def test_an_ill_behaved_curve_is_not_extrapolated(losses, why):
    found = judge(study(curve=curve(*losses, noise=1e-4)))
    assert why in found.forecast.why_not
    assert CANNOT in said(found, 0)
    assert found.forecast.points == ()


def test_noise_alone_is_no_ill_behaviour():
    curves = [curve(*[0.2] * 8, noise=0.005, seed=seed) for seed in range(200)]
    assert (
        sum(find_misbehaviour(one) is not None for one in curves) <= 10
    )  # 5 % of all tests of a curve together


def test_a_curve_of_few_sizes_is_not_extrapolated():
    assert "at least 5 are needed" in forecast(curve(*law(0.2, 0.1, 0.5))[:4], [10**6]).why_not


def test_a_start_without_learning_is_left_out_of_the_fit():
    constant = (0.25, 0.25, *law(0.15, 0.05, 0.6)[:6])
    found = forecast(curve(*constant, noise=1e-4), [10**6])
    assert found.fitted_from == SIZES[2]
    assert found.points[0].loss.low < 0.155


laws = st.builds(law, st.floats(0.05, 0.3), st.floats(0.02, 0.3), st.floats(0.2, 1.2))


@given(laws, st.floats(1e-5, 3e-3), st.integers(0, 1000))
def test_a_forecast_of_a_well_behaved_curve_falls_and_stays_above_0(losses, noise, seed):
    found = forecast(curve(*losses, noise=noise, seed=seed), [2 * SIZES[-1], 4 * SIZES[-1]])
    assert found.why_not is None or any(
        word in found.why_not for word in ("rises", "convex", "falls fastest")
    )
    for point in found.points:
        assert point.loss.low <= point.loss.value <= point.loss.high
    values = [point.loss.value for point in found.points]
    assert values == sorted(values, reverse=True)
    if found.limit is not None:
        assert found.limit.low >= 0


def test_the_interval_contains_at_least_85_percent_of_held_back_sizes_of_simulated_learners():
    random, hits = np.random.default_rng(7), []
    for seed in range(150):
        truth = law(random.uniform(0.05, 0.3), random.uniform(0.05, 0.3), random.uniform(0.2, 1.2))
        whole = curve(*truth, noise=10 ** random.uniform(-4, -2.5), seed=seed)
        found = forecast(whole[:6], [point.rows for point in whole[6:]])
        hits += [
            guess.loss.low <= point.loss <= guess.loss.high
            for guess, point in zip(found.points, whole[6:], strict=False)
        ]
    assert len(hits) > 250
    assert np.mean(hits) >= 0.85


@given(st.integers(0, 800), st.integers(0, 10), st.integers(0, 40))
def test_no_fold_is_trained_on_what_was_not_known_when_its_block_was_scored(count, horizon, maturity):
    changes = {"horizon_days": horizon, "label_maturity_days": maturity}
    model = FLIGHTS.model_copy(update=changes)
    days = [date(2013, 1, 1) + timedelta(days=n) for n in range(count)]
    folds = plan_folds(model, days)
    if folds is None:
        assert count - max(horizon + maturity, 1) < 3 * BLOCKS
        return
    assert len(folds.blocks) == BLOCKS
    assert folds.blocks[-1].last == days[-1]
    assert list(folds.sizes) == sorted(set(folds.sizes))
    for block in folds.blocks:
        for size in folds.sizes:
            trained = folds.training_days(model, block, size)
            assert len(trained) == size
            assert trained.last + timedelta(days=max(horizon + maturity, 1)) <= block.first


def test_the_age_of_a_key_begins_with_its_first_row(catalog):
    model = catalog.model("flight_delay")
    rows = make_flights(model, Days(first=date(2013, 1, 1), last=date(2013, 1, 3)), a_day=4)
    rows[["carrier", "origin"]] = "AA"
    rows.loc[rows["flight"] == 3, "flight"] = range(100, 103)  # a new number each day
    ages = add_ages(model, rows)
    assert ages.loc[ages["flight"] == 0, AGE].tolist() == [0, 1, 2]
    assert ages.loc[ages["flight"] >= 100, AGE].tolist() == [0, 0, 0]


def test_keys_that_are_always_new_say_nothing_about_history():
    (first, *_) = study().ages
    assert first.name == NEW
    assert "never seen before" in said(judge(study(ages=(first,))), 4)


def test_features_without_certain_gain_and_rows_that_the_baseline_predicts_better_are_named():
    (new, *others) = study().ages
    worse = new.model_copy(update={"beyond_baseline": estimate(0.05)})
    text = said(judge(study(ages=(worse, *others))), 4)
    assert "No certain gain from noise" in text
    assert "the baseline is better, so prefer it" in text


def test_months_without_rows_and_missing_values_are_named():
    text = said(judge(study()), 3)
    assert "no day of November, December was seen" in text
    assert "wind 25%" in text


def test_the_page_has_the_verdict_every_sentence_and_two_charts():
    found = judge(study())
    page = render_report(found)
    assert "Feasibility of churn: go" in page
    assert page.count("<svg") == 2
    assert all(part.question in page for part in found.parts)
