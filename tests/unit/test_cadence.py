"""The nights in which a fit is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contender.backtesting import CADENCES, find_cadence
from contender.retraining import FitFacts, judge_fit, measure_staleness
from contender.specs import Cadence, Days, WhenNeeded
from tests.unit.judged import evaluation, measures, version

FRIDAY = date(2013, 3, 1)
WEEKLY, THIRD = Cadence(weekday="Sunday"), Cadence(every_days=3)
NEEDED = Cadence(when_needed=WhenNeeded(max_age_days=28, new_rows=0.2, fit_cost=0.02))
STEADY = FitFacts(
    night=FRIDAY + timedelta(days=5),
    champion_fitted=FRIDAY,
    last_fit=FRIDAY,
    verdict="stable",
    new_rows=100,
    fitted_rows=1000,
    staleness=0.001,
)
cadences = st.one_of(
    st.just(Cadence()),
    st.sampled_from(("Monday", "Wednesday", "Sunday")).map(lambda day: Cadence(weekday=day)),
    st.integers(2, 40).map(lambda days: Cadence(every_days=days)),
    st.builds(
        WhenNeeded,
        max_age_days=st.integers(1, 60),
        new_rows=st.floats(0.01, 2),
        fit_cost=st.floats(0.001, 1),
    ).map(lambda needed: Cadence(when_needed=needed)),
)
known = st.builds(
    FitFacts,
    night=st.just(FRIDAY + timedelta(days=50)),
    champion_fitted=st.dates(FRIDAY, FRIDAY + timedelta(days=49)),
    last_fit=st.dates(FRIDAY, FRIDAY + timedelta(days=49)),
    broken=st.none(),
    verdict=st.sampled_from((None, "stable", "broken_feed")),
    new_rows=st.integers(0, 5000),
    fitted_rows=st.integers(0, 5000),
    staleness=st.none() | st.floats(0, 0.1),
)


def facts(**changed: object) -> FitFacts:
    return STEADY.model_copy(update=changed)


def nights_after(first: date, cadence: Cadence, count: int) -> Iterator[date]:
    """The nights with a fit after one in the night `first`, if each fit is promoted."""
    last = first
    for night in Days(first=first + timedelta(days=1), last=first + timedelta(days=count)).each():
        if judge_fit(cadence, facts(night=night, champion_fitted=last, last_fit=last)).due:
            last = night
            yield night


@pytest.mark.parametrize(
    ("cadence", "changed", "due", "why"),
    [
        (Cadence(), {}, True, "every night"),
        (WEEKLY, {}, True, "weekly, on Sunday: the last fit is of night 2013-03-01"),
        (WEEKLY, {"night": FRIDAY + timedelta(days=1)}, False, "the next is due in night 2013-03-03"),
        (WEEKLY, {"last_fit": date(2013, 3, 3)}, False, "the next is due in night 2013-03-10"),
        (THIRD, {}, True, "every 3 nights: the last fit is of night 2013-03-01"),
        (THIRD, {"last_fit": date(2013, 3, 4)}, False, "the next is due in night 2013-03-07"),
        (NEEDED, {}, False, "the 5 nights since the last fit have cost about 1.50% of a day's loss"),
        (
            NEEDED,
            {"staleness": 0.002},
            True,
            "about 3.00% of a day's loss, as much as a fit (`fit_cost`, 2.00%)",
        ),
        (NEEDED, {"staleness": None}, False, "too few refreshes are measured"),
        (NEEDED, {"new_rows": 200}, True, "200 labelled rows are new since the last fit, 20.0% of its rows"),
        (NEEDED, {"verdict": "concept_drift"}, True, "the newest verdict of monitoring is concept_drift"),
        (NEEDED, {"verdict": "covariate_drift"}, True, "the newest verdict of monitoring is covariate_drift"),
        (NEEDED, {"verdict": "broken_feed"}, False, "a fit costs 2.00%"),
        (NEEDED, {"champion_fitted": date(2013, 2, 6)}, True, "the champion is 28 nights old"),
        *(
            (cadence, changed, True, why)
            for cadence in (WEEKLY, THIRD, NEEDED)
            for changed, why in (
                ({"night": FRIDAY + timedelta(days=1), "champion_fitted": None}, "no version serves yet"),
                (
                    {"night": FRIDAY + timedelta(days=1), "broken": FRIDAY},
                    "a break is open since night 2013-03-01",
                ),
                ({"night": FRIDAY + timedelta(days=1), "changed": ("linear",)}, "no linear as now declared"),
            )
        ),
    ],
)
def test_a_fit_is_due_by_the_cadence_and_the_reason_has_the_figures(cadence, changed, due, why):
    found = judge_fit(cadence, facts(**changed))
    assert found.due == due
    assert why in found.why


@given(cadences, known)
def test_a_fit_is_due_without_a_champion_in_a_break_and_after_a_change_of_a_recipe(cadence, steady):
    for changed in ({"champion_fitted": None}, {"broken": FRIDAY}, {"changed": ("linear",)}):
        assert judge_fit(cadence, steady.model_copy(update=changed)).due


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(2, 40))
def test_fits_of_every_n_nights_are_n_nights_apart(first, days):
    assert list(nights_after(first, Cadence(every_days=days), 100)) == [
        first + timedelta(days=ahead) for ahead in range(days, 101, days)
    ]


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)))
def test_a_weekly_cadence_fits_on_its_weekday_only(first):
    nights = list(nights_after(first, WEEKLY, 70))
    assert len(nights) == 10
    assert {night.weekday() for night in nights} == {6}


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(1, 30))
def test_a_missed_weekly_fit_is_made_up_in_the_next_night(last, late):
    due = next(nights_after(last, WEEKLY, 7))
    assert judge_fit(WEEKLY, facts(night=due + timedelta(days=late), last_fit=last)).due


@given(known, st.builds(WhenNeeded, max_age_days=st.integers(1, 60), fit_cost=st.floats(0.001, 1)))
def test_once_a_fit_is_needed_it_stays_needed_until_it_is_made(steady, bounds):
    later = steady.model_copy(update={"night": steady.night + timedelta(days=1)})
    cadence = Cadence(when_needed=bounds)
    assert judge_fit(cadence, later).due >= judge_fit(cadence, steady).due


@given(known, st.floats(0.001, 1), st.floats(0.001, 1))
def test_a_dearer_fit_is_never_due_earlier(steady, one, other):
    cheap, dear = (Cadence(when_needed=WhenNeeded(fit_cost=cost)) for cost in sorted((one, other)))
    assert judge_fit(cheap, steady).due >= judge_fit(dear, steady).due


@given(st.floats(0.0001, 0.02), st.floats(0.001, 0.5))
def test_waiting_for_the_cost_of_a_fit_has_the_lowest_mean_cost(staleness, cost):
    bounds = WhenNeeded(max_age_days=1000, new_rows=100, fit_cost=cost)
    steady = {"staleness": staleness, "new_rows": 0}
    nights = next(
        waited
        for waited in range(1, 2000)
        if judge_fit(
            Cadence(when_needed=bounds),
            facts(**steady, night=FRIDAY + timedelta(days=waited), last_fit=FRIDAY),
        ).due
    )
    if nights < 1000:
        mean = {n: cost / n + staleness * (n - 1) / 2 for n in (nights - 1, nights, nights + 1) if n}
        assert mean[nights] <= min(mean.values()) + 1e-12


def refresh(old: float, new: float, nights: int):
    """An evaluation of a refresh that was fitted some nights after its champion, with the losses of both."""
    champion = version(1).model_copy(update={"night": FRIDAY})
    challenger = version(2).model_copy(update={"night": FRIDAY + timedelta(days=nights)})
    return evaluation(
        challenger=challenger,
        champion=champion,
        challenger_measures=measures(loss=new),
        champion_measures=measures(loss=old),
    )


def test_staleness_is_the_gain_of_refreshes_for_each_night_between_the_fits():
    refreshes = [refresh(0.2, 0.198, 5), refresh(0.2, 0.2, 5)] * 2
    assert measure_staleness(refreshes) == pytest.approx(0.001)


def test_staleness_is_zero_if_refreshes_are_not_better_and_unknown_with_few():
    assert measure_staleness([refresh(0.2, 0.21, 5)] * 4) == 0
    assert measure_staleness([refresh(0.2, 0.1, 5)] * 3) is None


def test_a_spec_with_two_cadences_is_rejected_with_the_fix():
    with pytest.raises(ValidationError, match="weekday and every_days exclude each other: keep one of them"):
        Cadence(weekday="Sunday", every_days=3)


@pytest.mark.parametrize("name", [name for name in CADENCES if name not in ("own", "oracle")])
def test_a_backtest_fits_for_the_first_time_in_the_first_night(name):
    cadence = find_cadence(name, None if name != "when_needed" else _model(), FRIDAY)
    assert judge_fit(cadence, FitFacts(night=FRIDAY, champion_fitted=None)).due


def _model():
    from contender.settings import PROJECT
    from contender.specs import load_catalog

    return load_catalog(PROJECT / "include" / "catalog").model("household_return")
