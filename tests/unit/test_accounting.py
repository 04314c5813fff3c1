"""What a model costs and returns, and whether it pays."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contender.accounting import Prices, Share, Terms, describe, returns, settle, worth
from contender.accounting.account import find_worsening
from contender.measures.losses import squared
from contender.records import DayReturn, TaskUse
from contender.specs import Value
from tests.unit.served import fit_strict, row_of

PRICES = Prices(currency="USD", cpu=0.04, memory=0.005, storage=0.023)
FIRST = date(2026, 1, 5)  # a Monday
DECISIONS = Value(true_positive=6, false_positive=-2, true_negative=0.5, false_negative=-1, act_from=0.25)


def use(night: int, *, verb="retrain", subject="churn", cpu=3600.0, wall=0.0, peak=0) -> TaskUse:
    return TaskUse(
        subject=subject,
        dag=f"{verb}__{subject}",
        run="r",
        task="t",
        number=1,
        night=FIRST + timedelta(days=night),
        cpu_seconds=cpu,
        wall_seconds=wall,
        peak_bytes=peak,
    )


def returned(day: int, gain: float, *, before: float | None = None) -> DayReturn:
    on = FIRST + timedelta(days=day)
    return DayReturn(
        model="churn",
        day=on,
        night=on,
        rows=100,
        version=2,
        value=10 + gain,
        baseline_value=10,
        before=None if before is None else 1,
        before_value=before,
    )


def account(shares=(), returns=(), *, stored_bytes=0, covered_days=1, valued=True):
    terms = Terms(model="churn", prices=PRICES, covered_days=covered_days, valued=valued)
    return settle(terms, shares, returns, stored_bytes)


def nights(count: int, cpu: float = 3600.0) -> list[Share]:
    return [Share(use=use(night, cpu=cpu)) for night in range(count)]


def test_each_outcome_of_a_decision_has_its_worth():
    outcomes, predictions = np.array([1.0, 0.0, 0.0, 1.0]), np.array([0.25, 0.9, 0.1, 0.2])
    assert worth(DECISIONS, squared, outcomes, predictions) == 6 - 2 + 0.5 - 1


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30),
    st.floats(0.01, 100),
)
def test_a_lower_loss_is_worth_its_price(rows, price):
    outcomes, ours, theirs = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    value = Value(per_loss=price)
    gained = worth(value, squared, outcomes, ours) - worth(value, squared, outcomes, theirs)
    lower = squared(outcomes, theirs).sum() - squared(outcomes, ours).sum()
    assert gained == pytest.approx(price * lower, abs=1e-6)


@pytest.mark.parametrize("given", [{}, {"per_loss": 1.0, "true_positive": 2.0}, {"act_from": 0.3}])
def test_a_value_is_of_decisions_or_of_the_loss(given):
    with pytest.raises(ValidationError, match="give either `per_loss`, or the worth of at least one"):
        Value(**given)


def test_a_version_before_that_was_deleted_or_cannot_predict_has_no_value_and_the_log_says_why(
    installation, caplog
):
    model = installation.catalog.model("flight_delay")
    rows = pd.DataFrame([row_of(model) | {"airline": "XX"}])
    strict = fit_strict(model)
    assert returns._predict_again(installation, model, 9, rows) is None
    assert returns._predict(model, strict, rows, model.feature_names) is None
    assert returns._predict(model, strict, rows, ("airline", "a_feature_of_then")) is None
    assert returns._predict(model, strict, rows.assign(airline="AA"), model.feature_names).shape == (1,)
    unknown, category, gone = [record.message for record in caplog.records]
    assert unknown == "no value of the version before: flight_delay has no version 9 in the registry"
    assert category.startswith("flight_delay: no value to compare with: ValueError: Found unknown categories")
    assert "a_feature_of_then" in gone


def test_a_night_costs_its_cpu_time_and_its_memory_while_it_ran():
    one_night = [Share(use=use(0, cpu=7200, wall=1800, peak=2_000_000_000))]
    assert account(one_night).cost == pytest.approx(2 * 0.04 + 2 * 0.5 * 0.005)


def test_the_tasks_of_an_input_are_split_among_the_models_that_read_it():
    shared = [Share(use=use(0, verb="ingest", subject="sales"), share=0.25)]
    assert account([*nights(1), *shared]).cost == pytest.approx(1.25 * 0.04)


def test_an_input_that_only_this_model_reads_makes_no_night_of_its_own():
    ingested = [Share(use=use(night, verb="ingest", subject="sales")) for night in range(10)]
    found = account([*nights(2), *ingested], stored_bytes=10**9)
    assert (found.nights, found.cost) == (2, pytest.approx(2 * 0.04 + found.storage))
    assert sum(step.cost for step in found.steps) + found.storage == pytest.approx(found.cost)


def test_a_repeated_try_is_paid_for_too():
    assert account([*nights(1), *nights(1)]).cost == pytest.approx(2 * 0.04)


def test_stored_bytes_cost_a_thirtieth_of_their_monthly_price_a_day():
    assert account(nights(1, cpu=0), stored_bytes=10**9).cost == pytest.approx(0.023 / 30.4)


@pytest.mark.parametrize(
    ("gains", "finding"),
    [
        ([5.0, 6.0, 4.0, 5.5], "pays"),
        ([0.01, 0.02, 0.015, 0.01], "does not pay"),
        ([5.0, -4.0, 3.0, -2.0], "not shown"),
        ([5.0], "no return known"),
        ([], "no return known"),
    ],
)
def test_a_model_pays_if_the_interval_of_its_return_is_above_its_cost(gains, finding):
    returns = [returned(day, gain) for day, gain in enumerate(gains)]
    assert account(nights(4), returns).finding == finding


def test_without_a_declared_worth_the_account_says_so():
    found = account(nights(2), valued=False)
    assert found.finding == "no worth declared"
    assert "spec.py does not declare `value`" in describe(found)[0]


def test_outcomes_that_overlap_widen_the_interval():
    returns = [returned(day, float(day % 5)) for day in range(28)]
    apart, overlapping = (account(nights(4), returns, covered_days=days) for days in (1, 7))
    assert overlapping.gain_interval.low < apart.gain_interval.low


def test_refreshing_is_compared_on_days_on_which_an_older_version_would_have_predicted_otherwise():
    found = account(
        nights(4), [returned(0, 5.0), returned(1, 5.0, before=14.0), returned(2, 5.0, before=12.0)]
    )
    assert found.of_refreshing == pytest.approx(2.0)


def weeks_of(costs, gains):
    shares = [Share(use=use(7 * week, cpu=cost)) for week, cost in enumerate(costs)]
    returns = [returned(7 * week, gain) for week, gain in enumerate(gains)]
    last = [Share(use=use(7 * len(costs)))]  # the newest week is unfinished, and left out
    return account([*shares, *last], returns).weeks


def test_rising_costs_and_falling_returns_are_found_with_their_week():
    costs, gains = [100.0 + 10 * n for n in range(12)], [50.0 - n for n in range(12)]
    assert find_worsening(weeks_of(costs, gains)) == FIRST + timedelta(weeks=7)


@pytest.mark.parametrize(
    ("costs", "gains"),
    [
        ([100.0] * 12, [50.0 - n for n in range(12)]),
        ([100.0 + n for n in range(12)], [50.0] * 12),
        ([100.0 + n for n in range(7)], [50.0 - n for n in range(7)]),
        ([100.0 + n for n in range(12)], [50.0 + n for n in range(12)]),
    ],
    ids=["only returns fall", "only costs rise", "too few weeks", "both rise"],
)
def test_no_worsening_is_found_where_there_is_none(costs, gains):
    assert find_worsening(weeks_of(costs, gains)) is None


def test_a_worsening_that_ended_is_not_reported():
    costs = [100.0 + n for n in range(10)] + [50.0] * 10
    gains = [50.0 - n for n in range(10)] + [80.0] * 10
    assert find_worsening(weeks_of(costs, gains)) is None


def test_forecasts_of_independent_days_hold_about_as_often_as_they_say():
    draws = np.random.default_rng(1).normal(5, 2, 28 * 400)
    found = account(nights(1), [returned(day, float(gain)) for day, gain in enumerate(draws)]).forecast
    assert found.made == 399
    assert found.held / found.made == pytest.approx(0.95, abs=0.03)


def test_a_forecast_needs_four_weeks():
    assert account(nights(1), [returned(day, 5.0) for day in range(27)]).forecast is None


def test_the_first_line_answers_whether_the_model_pays():
    returns = [returned(day, gain) for day, gain in enumerate([5.0, 6.0, 4.0, 5.5])]
    first, break_even, *_ = describe(account(nights(4), returns))
    assert first == (
        "A night of churn costs 0.04 USD. A day returns 5.12 USD more than the baseline "
        "(95 % 3.77 USD to 6.48 USD). It pays: the whole interval of its return is above its cost."
    )
    assert break_even == ("Break-even: 0.0004 USD a row; a row returns 0.051 USD more than the baseline.")
