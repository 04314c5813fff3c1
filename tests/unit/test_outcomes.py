"""Outcomes are compared with the predictions that were served for them: what counts as a change, and what does not."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.keeping import put_into
from benchmarks.promotion import creep_page
from benchmarks.promotion.page import read_results
from contender.evaluating import find_outcome_change
from contender.evaluating.outcomes import DAYS_COMPARED, FEWEST_DAYS, agree_on, served_days
from contender.measures import Agreement
from contender.settings import PROJECT
from contender.specs import load_catalog

CATALOG = load_catalog(PROJECT / "include" / "catalog")
MODEL = CATALOG.model("flight_delay")
LATE_LABELS = CATALOG.model("household_return")
FIRST = date(2013, 3, 1)
SCORES = np.linspace(0.05, 0.95, 1000)
OUTCOMES = (np.random.default_rng(1).random(1000) < SCORES).astype(float)


def days(levels, slopes=None) -> dict[date, Agreement]:
    slopes = [1.0] * len(levels) if slopes is None else slopes
    pairs = enumerate(zip(levels, slopes, strict=True))
    return {FIRST + timedelta(days=nth): Agreement(*pair) for nth, pair in pairs}


def noise(seed: int, count: int = DAYS_COMPARED) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, count)


def test_predictions_that_outcomes_confirm_agree():
    agreement = agree_on(MODEL, OUTCOMES, SCORES)
    assert agreement.level == pytest.approx(0, abs=0.1)
    assert agreement.slope == pytest.approx(1, abs=0.1)


def test_lost_positives_lower_the_level_and_random_outcomes_the_slope():
    lost = np.where(np.arange(1000) % 2 == 0, OUTCOMES, 0)
    shuffled = np.random.default_rng(2).permutation(OUTCOMES)
    assert agree_on(MODEL, lost, SCORES).level < -0.7
    assert agree_on(MODEL, shuffled, SCORES).slope == pytest.approx(0, abs=0.15)
    assert agree_on(MODEL, shuffled, SCORES).level == pytest.approx(agree_on(MODEL, OUTCOMES, SCORES).level)


def test_rows_without_a_prediction_are_left_out_and_few_rows_are_not_compared():
    scores = SCORES.copy()
    scores[:500] = np.nan
    assert agree_on(MODEL, OUTCOMES, scores) == agree_on(MODEL, OUTCOMES[500:], SCORES[500:])
    assert agree_on(MODEL, OUTCOMES[: MODEL.race.min_rows - 1], SCORES[: MODEL.race.min_rows - 1]) is None


def test_equal_predictions_have_no_slope():
    assert agree_on(MODEL, OUTCOMES, np.full(1000, 0.4)).slope is None


def test_days_that_vary_as_usual_are_hardly_ever_evidence():
    found = [find_outcome_change(MODEL, days(noise(seed), 1 + noise(seed + 500))) for seed in range(200)]
    assert sum(max(one.missing, one.weaker) > one.bar for one in found) <= 2


@given(st.integers(0, 10_000), st.floats(-3, 3))
def test_a_lasting_miscalibration_is_no_change(seed, offset):
    levels = noise(seed)
    plain, moved = (find_outcome_change(MODEL, days(some)) for some in (levels, levels + offset))
    assert moved.missing == pytest.approx(plain.missing, abs=1e-6)


def test_a_fall_of_three_standard_deviations_is_found_within_a_week_in_98_of_100_histories():
    found = 0
    for seed in range(100):
        levels = noise(seed)
        levels[-7:] -= 0.3
        found += find_outcome_change(MODEL, days(levels)).missing > 7
    assert found >= 98


@given(st.integers(0, 10_000))
def test_more_positives_than_before_are_no_evidence_of_missing_ones(seed):
    levels = noise(seed)
    levels[-14:] += 0.5
    assert find_outcome_change(MODEL, days(levels)).missing < 7


def test_a_single_day_is_never_enough():
    levels = noise(1)
    levels[-1] = -100
    assert find_outcome_change(MODEL, days(levels)).missing < 7


def test_the_first_four_weeks_are_only_compared_with():
    assert find_outcome_change(MODEL, days(noise(1, FEWEST_DAYS))).missing is None
    assert find_outcome_change(MODEL, days(noise(1, FEWEST_DAYS + 1))).missing is not None


def test_days_that_a_person_released_are_left_out():
    levels = noise(1)
    levels[-7:] = -5
    found = days(levels)
    excused = sorted(found)[-7:]
    assert find_outcome_change(MODEL, found).missing > 7
    released = find_outcome_change(MODEL, found, excused)
    assert released.missing < 7
    assert (released.days, released.excused_days) == (DAYS_COMPARED - 7, 7)


def test_labels_of_overlapping_days_need_a_larger_change():
    levels = noise(1)
    levels[-10:] -= 0.2
    assert find_outcome_change(MODEL, days(levels)).missing > 7
    assert find_outcome_change(LATE_LABELS, days(levels)).missing < 7


def test_the_compared_days_end_with_the_newest_known_outcomes():
    night = date(2017, 8, 31)
    assert served_days(LATE_LABELS, night).last == date(2017, 8, 24)
    assert len(served_days(LATE_LABELS, night)) == DAYS_COMPARED


def test_the_tables_of_the_guards_page_match_the_results():
    page, figures = creep_page.PAGE.read_text(), creep_page.render_creep(read_results())
    assert put_into(page, figures, creep_page.BEGIN, creep_page.END) == page
