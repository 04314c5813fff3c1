"""The sequential test keeps its level for skewed and correlated days, does not freeze, and finds a better rival."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from contender.promoting import trace
from contender.promoting.evidence import order_of_entry, threshold
from contender.promoting.race import (
    bet_on_blocks,
    block_days,
    evidence_for_rival,
    form_blocks,
    mean_difference,
    share_of_false_passes,
    sum_blocks,
)
from contender.records import PairedDay
from contender.specs import Race

ALPHA = 0.05
BAR = threshold(ALPHA, place=1, together=1)
RUNS, DAYS = 1000, 365
SINCE = date(2013, 3, 1)

differences = arrays(np.float64, st.integers(1, 80), elements=st.floats(-1, 1, allow_nan=False, width=32))
lags = st.integers(1, 20)


def bet(days: np.ndarray, lag: int = 1, bar: float = BAR):
    blocks = form_blocks([1] * days.shape[-1], lag, 1)
    return bet_on_blocks(sum_blocks(days, blocks), blocks, bar, lag)


def noise(kind: str, seed: int = 1) -> np.ndarray:
    """Daily differences of a rival that is not better: (RUNS, DAYS), mean 0."""
    random = np.random.default_rng(seed)
    if kind == "heavy tails":
        return random.standard_t(3, (RUNS, DAYS))
    if kind == "skewed":
        return 1 - random.exponential(1, (RUNS, DAYS))
    if kind == "rare storms":
        return np.exp(0.125) - random.lognormal(0, 0.5, (RUNS, DAYS))
    if kind == "ruined on one day of 10":
        ruined = random.random((RUNS, DAYS)) < 0.1
        return np.where(ruined, -9.0, 1.0) + random.normal(0, 0.5, (RUNS, DAYS))
    if kind == "autocorrelated":
        days = random.normal(0, 1, (RUNS, DAYS))
        for day in range(1, DAYS):
            days[:, day] = 0.3 * days[:, day - 1] + np.sqrt(1 - 0.3**2) * days[:, day]
        return days
    if kind == "weekdays":
        return random.normal(0, 1, (RUNS, DAYS)) + np.resize([1, 0.5, 0, 0, 0, -0.5, -1], DAYS)
    return random.normal(0, 1, (RUNS, DAYS))


KINDS = (
    "even",
    "heavy tails",
    "skewed",
    "rare storms",
    "ruined on one day of 10",
    "autocorrelated",
    "weekdays",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rival_that_is_not_better_passes_within_a_year_with_probability_at_most_alpha(kind):
    ever = bet(noise(kind)).passed.any(axis=1).mean()
    assert ever <= ALPHA + 2 * np.sqrt(ALPHA * (1 - ALPHA) / RUNS)


@pytest.mark.parametrize("lag", [7, 30])
def test_the_level_is_kept_if_days_share_outcomes_that_are_known_late(lag):
    shocks = np.random.default_rng(2).normal(0, 1, (RUNS, DAYS + lag - 1))
    overlapping = sum(shocks[:, k : k + DAYS] for k in range(lag))
    assert bet(overlapping, lag).passed.any(axis=1).mean() <= ALPHA


@pytest.mark.parametrize(("lag", "within"), [(1, 90), (7, 160)])
def test_a_better_rival_is_found(lag, within):
    passed = bet(noise("even") + 0.5, lag).passed
    assert passed.any(axis=1).mean() > 0.95
    assert np.median(passed.argmax(axis=1)) * block_days(lag) + lag < within


@pytest.mark.parametrize("lag", [1, 7])
def test_a_rival_that_becomes_worse_after_it_passed_passes_no_longer(lag):
    days = noise("even")[:200]
    days[:, :180] += 0.7
    days[:, 180:] -= 0.7
    passed = bet(days, lag).passed
    before = 180 // block_days(lag)
    assert passed[:, :before].any(axis=1).mean() > 0.9
    assert passed[:, -1].mean() < 0.05


@given(differences, lags)
def test_evidence_is_never_negative(days, lag):
    assert (bet(days, lag).evidence >= 0).all()


@given(differences, lags, st.integers(0, 79))
def test_evidence_of_a_block_does_not_depend_on_later_days(days, lag, cut):
    whole, part = bet(days, lag), bet(days[: min(cut, len(days))], lag)
    blocks = len(part.evidence)
    assert np.array_equal(whole.evidence[:blocks], part.evidence)
    assert np.array_equal(whole.passed[:blocks], part.passed)


@given(differences, st.integers(-8, 8))
def test_the_unit_of_the_loss_does_not_matter(days, power):
    assert np.array_equal(bet(days).evidence, bet(days * 2.0**power).evidence)


@given(differences, lags)
def test_no_block_takes_or_gives_more_than_its_largest_stake(days, lag):
    blocks = 4 * block_days(lag)
    calm = np.resize(days, blocks)
    good, bad = (bet(np.append(calm, np.full(block_days(lag), ruin)), lag, np.inf) for ruin in (1e6, -1e6))
    before = good.evidence[-2]
    assert before <= good.evidence[-1]
    assert good.evidence[-1] - before == pytest.approx(before - bad.evidence[-1])
    assert bad.evidence[-1] >= 0


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 10), st.integers(1, 40))
def test_blocks_follow_each_other_and_have_enough_days_and_rows(rows, lag, min_rows):
    blocks = form_blocks(rows, lag, min_rows)
    assert [0, *(blocks.ends + 1)][: len(blocks.starts)] == list(blocks.starts)
    for start, end in zip(*blocks, strict=True):
        assert end - start + 1 >= block_days(lag)
        assert sum(rows[start : end + 1]) >= min_rows


def pair(day: int, gain: float, rows: int = 500, rival: str = "b", **changed: object) -> PairedDay:
    made = PairedDay(
        id=f"{rival}-{day}",
        model="flight_delay",
        question="race",
        day=SINCE + timedelta(days=day),
        incumbent="a",
        rival=rival,
        incumbent_version=1,
        rival_version=2,
        incumbent_loss=0.2 + gain,
        rival_loss=0.2,
        rows=rows,
    )
    return made.model_copy(update=changed)


def weigh(pairs, lag: int = 1, bar: float = BAR, race: Race | None = None):
    return evidence_for_rival(pairs, SINCE, race or Race(alpha=ALPHA), lag, bar)


def test_a_rival_that_wins_every_day_passes():
    found = weigh([pair(day, 0.01) for day in range(90)])
    assert found.enough
    assert found.mean == pytest.approx(0.01)
    assert found.mean_interval.low == pytest.approx(0.01)


def test_sparse_days_are_pooled_until_they_hold_enough_rows():
    sparse = weigh([pair(day, 0.01, rows=2) for day in range(200)])
    assert sparse.enough
    assert len(form_blocks([2] * 200, 1, 20).starts) == 20


def test_a_sparse_day_weighs_less_than_a_full_one():
    found = weigh([pair(0, 0.01), pair(1, -0.01, rows=5)])
    assert found.mean == pytest.approx((0.01 - 0.01 / 4) / 1.25)


def test_too_few_rows_are_no_evidence():
    found = weigh([pair(day, 0.01, rows=1) for day in range(19)], race=Race(min_rows=20))
    assert (found.value, found.enough) == (1.0, False)


def test_days_before_the_rival_entered_are_in_no_block():
    late = weigh([pair(day, 0.01) for day in range(30, 60)])
    early = weigh([pair(day, 0.01) for day in range(30)])
    assert late.value == early.value


def test_one_rare_loss_that_outweighs_all_gains_makes_the_mean_negative():
    pairs = [pair(day, 0.01) for day in range(89)] + [pair(89, -2.0)]
    assert weigh(pairs).mean < 0


def test_resamples_of_its_own_days_are_reported_when_the_test_passes_and_can_be_repeated():
    pairs = [pair(day, 0.01 + 0.01 * (day % 3)) for day in range(90)]
    found = weigh(pairs)
    assert 0 <= found.false_share <= 0.1
    assert found == weigh(pairs)
    assert weigh(pairs[:20]).false_share is None


def test_resamples_of_ruinous_days_show_that_the_level_is_exceeded():
    days = np.where(np.arange(365) % 60 == 0, -59.0, 1.0)
    skewed = share_of_false_passes(days, BAR, 1, "a")
    assert skewed > share_of_false_passes(noise("even")[0], BAR, 1, "a")


def test_the_interval_of_the_mean_widens_if_neighbouring_days_are_alike():
    alike = np.repeat(noise("even")[0][:40], 5)
    blocks = form_blocks([20] * 200, 1, 20)
    apart = np.random.default_rng(3).permutation(alike)
    wide, narrow = (mean_difference(days, np.ones(200), blocks)[1] for days in (alike, apart))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_the_trace_of_an_evidence_ends_with_its_value_whatever_was_paired_later():
    known = [pair(day, 0.01 + 0.001 * (day % 3)) for day in range(33)]
    later = [pair(day, -0.02) for day in range(33, 50)]
    found = weigh(known)
    curve = trace(found, [*known, *later, pair(21, 0.5, rival="c")], Race(alpha=ALPHA), lag=1)
    assert [day for day, _ in curve] == [SINCE + timedelta(days=n) for n in range(33)]
    assert curve[-1][1] == found.value > 1


@given(st.lists(st.integers(1, 8), min_size=1, max_size=200))
def test_all_rivals_that_ever_enter_share_alpha(together):
    bars = [threshold(ALPHA, place, count) for place, count in enumerate(together, start=1)]
    assert sum(count / bar for count, bar in zip(together, bars, strict=True)) <= ALPHA


def test_rivals_that_enter_on_the_same_day_have_the_same_place():
    places, together = order_of_entry([pair(0, 0), pair(0, 0, rival="c"), pair(9, 0, rival="d")], [SINCE])
    assert places == {"b": 1, "c": 1, "d": 2}
    assert (together[1], together[2]) == (2, 1)


def test_an_edited_rival_enters_behind_its_withdrawn_former_self():
    days = [pair(day, 0, rival=f"edit {day // 30}") for day in range(90)]
    places, _ = order_of_entry(days, [SINCE])
    assert places == {"edit 0": 1, "edit 1": 2, "edit 2": 3}


def test_a_rival_enters_again_when_the_tests_restart():
    days = [pair(day, 0) for day in range(20)]
    places, _ = order_of_entry(days, [SINCE, SINCE + timedelta(days=10)])
    assert places == {"b": 2}
