"""Bets on single days have their level without a difference, find a better recipe, and use only known outcomes."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from contender.promoting import trace
from contender.promoting.daily_bets import (
    BETS,
    CUTS,
    accumulate,
    evidence_against_refreshing,
    evidence_by_days,
    settled,
)
from contender.records import PairedDay
from contender.specs import Race

ALPHA = 0.05
BAR = 1 / ALPHA
RUNS, DAYS = 2000, 365
SINCE = date(2013, 3, 1)

differences = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1, 1, allow_nan=False, width=32))


def noise(kind: str, seed: int = 1) -> np.ndarray:
    """Daily differences of a rival that is not better: (RUNS, DAYS), mean 0 given all days before."""
    random = np.random.default_rng(seed)
    if kind == "heavy tails":
        return random.standard_t(3, (RUNS, DAYS)) * 0.01
    if kind == "skewed":
        return random.exponential(0.01, (RUNS, DAYS)) - 0.01
    if kind == "calm and wild weeks":
        wild = np.repeat(random.choice([0.003, 0.03], (RUNS, DAYS // 7 + 1)), 7, axis=1)[:, :DAYS]
        return random.normal(0, wild)
    return random.normal(0, 0.01, (RUNS, DAYS))


def overlapping(lag: int, mean: float = 0.0, seed: int = 2) -> np.ndarray:
    """Differences that share their shocks with the `lag` - 1 days around, as weekly outcomes of daily rows do."""
    shocks = np.random.default_rng(seed).normal(0, 0.01, (RUNS, DAYS + lag - 1))
    return mean + sum(shocks[:, k : k + DAYS] for k in range(lag)) / np.sqrt(lag)


@pytest.mark.parametrize("kind", ["even", "heavy tails", "skewed", "calm and wild weeks"])
def test_a_rival_that_is_not_better_passes_within_a_year_with_probability_at_most_alpha(kind):
    ever = settled(accumulate(noise(kind), BAR), BAR).any(axis=1).mean()
    assert ever <= ALPHA + 2 * np.sqrt(ALPHA * (1 - ALPHA) / RUNS)


def test_the_level_is_kept_if_outcomes_are_known_a_week_later():
    evidence = accumulate(overlapping(7), BAR, lag=7)
    assert settled(evidence, BAR, lag=7).any(axis=1).mean() <= ALPHA


def test_ignoring_the_lag_would_exceed_the_level():
    forgetful = settled(accumulate(overlapping(7), BAR), BAR).any(axis=1).mean()
    assert forgetful > 3 * ALPHA


def test_a_better_rival_is_found():
    better = noise("even") + 0.005
    won = settled(accumulate(better, BAR), BAR)
    assert won.any(axis=1).mean() > 0.99
    assert np.median(won.argmax(axis=1)) < 60


def test_a_better_rival_is_found_with_a_lag_of_a_week():
    won = settled(accumulate(overlapping(7, mean=0.015), BAR, lag=7), BAR, lag=7)
    assert won.any(axis=1).mean() > 0.9


def test_the_evidence_for_a_worse_rival_falls_to_nearly_zero():
    assert np.median(accumulate(noise("even") - 0.005, BAR)[:, -1]) < 0.5


@given(differences, st.integers(1, 8))
def test_evidence_is_never_negative(days, lag):
    assert (accumulate(days, BAR, lag) >= 0).all()


@given(differences, st.integers(1, 8), st.integers(0, 59))
def test_evidence_of_a_day_does_not_depend_on_later_days(days, lag, cut):
    cut = min(cut, len(days))
    assert np.array_equal(accumulate(days, BAR, lag)[:cut], accumulate(days[:cut], BAR, lag))


@given(differences, st.integers(-8, 8))
def test_the_unit_of_the_loss_does_not_matter(days, power):
    assert np.array_equal(accumulate(days, BAR), accumulate(days * 2.0**power, BAR))


@given(differences, st.integers(1, 8))
def test_no_single_day_moves_the_evidence_by_more_than_the_largest_bet(days, lag):
    wild = np.append(np.resize(days, lag + 1), 1e6)
    evidence = accumulate(wild, np.inf, lag)
    assert evidence[-1] <= evidence[-2] * (1 + (BETS * CUTS).max()) + 1e-12


@given(differences)
def test_a_day_without_a_difference_does_not_change_the_evidence(days):
    gaps = np.insert(days, len(days) // 2, np.nan)
    kept = np.delete(accumulate(gaps, BAR), len(days) // 2)
    assert np.array_equal(kept, accumulate(days, BAR))


def test_the_test_passes_only_if_no_bet_is_open():
    evidence = np.array([1.0, 25.0, 19.0, 25.0, 25.0, 25.0])
    assert settled(evidence, 20.0, lag=3).tolist() == [False] * 5 + [True]


def test_harmless_refreshing_is_rarely_stopped():
    race = Race()
    evidence = accumulate(noise("heavy tails"), race.nights_between_false_stops, restarting=True)
    ever = (evidence >= race.nights_between_false_stops).any(axis=1).mean()
    assert ever <= DAYS / race.nights_between_false_stops


def test_harm_that_begins_late_is_detected_as_fast_as_early_harm():
    harm = noise("even")
    harm[:, 200:] += 0.01
    bar = Race().nights_between_false_stops
    stopped = accumulate(harm, bar, restarting=True) >= bar
    assert np.median(stopped.argmax(axis=1)) < 240


def pair(day: int, gain: float, rows: int = 500, question: str = "race") -> PairedDay:
    return PairedDay(
        id=f"{question}-{day}",
        model="flight_delay",
        question=question,
        day=SINCE + timedelta(days=day),
        incumbent="a",
        rival="b",
        incumbent_version=1,
        rival_version=2,
        incumbent_loss=0.2 + gain,
        rival_loss=0.2,
        rows=rows,
    )


def test_several_rivals_share_alpha():
    pairs = [pair(day, 0.01) for day in range(30)]
    alone, among_three = (evidence_by_days(pairs, SINCE, Race(), lag=1, rivals=n) for n in (1, 3))
    assert (alone.bar, among_three.bar) == (20, 60)
    assert alone.enough


def test_days_with_too_few_rows_are_left_out():
    few = [pair(day, 0.01, rows=3) for day in range(60)]
    weighed = evidence_by_days(few, SINCE, Race(min_rows=20), lag=1)
    assert weighed.value == 1
    assert not weighed.enough


def test_missed_days_have_no_difference():
    with_gap = [pair(day, 0.01) for day in range(40) if day not in range(10, 20)]
    without = [pair(day, 0.01) for day in range(30)]
    values = [evidence_by_days(pairs, SINCE, Race(), lag=1).value for pairs in (with_gap, without)]
    assert values[0] == pytest.approx(values[1])


def test_the_test_against_refreshing_has_its_own_threshold():
    pairs = [pair(day, 0.01, question="still") for day in range(40)]
    weighed = evidence_against_refreshing(pairs, SINCE, Race(), lag=1)
    assert (weighed.question, weighed.bar, weighed.enough) == ("still", 730, True)


def test_the_trace_of_an_evidence_ends_with_its_value_whatever_was_paired_later():
    race = Race(alpha=ALPHA)
    known = [pair(day, 0.01 + 0.001 * (day % 3)) for day in range(20)]
    later = [pair(day, -0.02) for day in range(20, 25)]
    found = evidence_by_days(known, SINCE, race, lag=1)
    curve = trace(found, [*known, *later, pair(21, 0.5, question="still")], race, lag=1)
    assert [day for day, _ in curve] == [SINCE + timedelta(days=n) for n in range(20)]
    assert curve[-1][1] == found.value > 1
