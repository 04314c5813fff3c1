"""A backtest of several cadences advises the cheapest one whose loss is shown to be hardly higher."""

from __future__ import annotations

import pytest

from contender.backtesting import Backtest, advise_cadence
from tests.unit.policy_results import backtest, policy_result, served

NIGHTLY = [0.20 + 0.01 * (nth % 7) for nth in range(56)]


def ran(
    cadence: str, cpu_seconds: float, higher: float = 0.0, noise: float = 0.0, nights: int = 56
) -> Backtest:
    losses = [loss * (1 + higher) + noise * (-1) ** (nth // 7) for nth, loss in enumerate(NIGHTLY[:nights])]
    one = policy_result(served=served(losses), cpu_seconds=cpu_seconds, fits=round(cpu_seconds))
    return backtest(cadence=cadence, results=(one,))


def test_the_cheapest_harmless_cadence_is_advised():
    advice = advise_cadence(
        [ran("nightly", 100), ran("weekly", 14, higher=0.001), ran("monthly", 4, higher=0.002)]
    )
    assert advice == (
        "Advice on the cadence: monthly. With 95 % confidence, its loss is at most 0.20 % higher than with nightly "
        "fits, and it takes 4 % of their CPU time (4 of 100 fits)."
    )


def test_a_cadence_that_loses_more_than_a_hundredth_is_not_advised():
    advice = advise_cadence(
        [ran("nightly", 100), ran("weekly", 14, higher=0.005), ran("monthly", 4, higher=0.02)]
    )
    assert advice is not None
    assert advice.startswith("Advice on the cadence: weekly.")


@pytest.mark.parametrize("weekly", [{"higher": 0.02}, {"noise": 0.02}])
def test_nightly_fits_are_kept_if_no_other_cadence_is_shown_to_be_harmless(weekly):
    assert advise_cadence([ran("nightly", 100), ran("weekly", 14, **weekly)]) == (
        "Advice on the cadence: keep nightly. No cheaper one is shown to have a loss that is at most 1 % higher."
    )


def test_a_cadence_that_serves_the_same_loses_nothing():
    advice = advise_cadence([ran("nightly", 100), ran("when_needed", 30)])
    assert advice is not None
    assert "when_needed. With 95 % confidence, its loss is not higher than with nightly fits" in advice


def test_a_cadence_that_costs_more_is_not_advised():
    advice = advise_cadence([ran("weekly", 14), ran("when_needed", 30)])
    assert advice is not None
    assert advice.startswith("Advice on the cadence: keep weekly.")


def test_three_weeks_are_too_few_for_advice():
    short = [ran("nightly", 21, nights=21), ran("weekly", 3, higher=0.001, nights=21)]
    assert advise_cadence(short) == (
        "Advice on the cadence: none yet. An interval needs four weeks of served days: give more nights."
    )


@pytest.mark.parametrize("others", [[], [ran("oracle", 5)]])
def test_without_another_cadence_to_choose_there_is_no_advice(others):
    assert advise_cadence([ran("nightly", 100), *others]) is None
