"""Backtests of cadences: they fit in fewer nights, and no other choice of nights is better than the oracle's."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.backtesting import CADENCES, Backtest, Fits, ServedDay, run_backtest_on
from contender.backtesting.history import cut
from contender.backtesting.oracle import choose_places
from contender.specs import Cadence, Days, Recipe, WhenNeeded
from tests.integration.made_up import copy_catalog, make_flights

DAYS = Days(first=date(2013, 1, 1), last=date(2013, 3, 10))
NIGHTS = Days(first=date(2013, 2, 1), last=date(2013, 2, 15))
QUICK = Recipe(name="linear", estimator="linear", window_days=20, parameters={"C": 0.1})
losses = st.lists(st.floats(0, 10), min_size=6, max_size=6)


@pytest.fixture(scope="module")
def backtests(tmp_path_factory) -> dict[str, Backtest]:
    """Two weeks of made-up flights at every cadence, over the same fits."""
    catalog = copy_catalog(tmp_path_factory.mktemp("cadences") / "catalog")
    needed = WhenNeeded(max_age_days=5, new_rows=10)
    own = {"recipes": (QUICK,), "recovery": None, "cadence": Cadence(when_needed=needed)}
    model = catalog.model("flight_delay").model_copy(update=own)
    fits = Fits(catalog, model, cut(model, make_flights(model, DAYS, 30), DAYS))
    return {name: run_backtest_on(fits, NIGHTS, ["ours"], name) for name in CADENCES}


def nights_of(backtest: Backtest) -> list[int]:
    return [(night - NIGHTS.first).days for night in sorted({one.night for one in backtest.versions})]


def test_fits_are_those_of_the_cadence(backtests):
    assert nights_of(backtests["nightly"]) == list(range(15))
    assert nights_of(backtests["weekly"]) == [0, 7, 14]
    assert nights_of(backtests["monthly"]) == [0]
    assert {
        name: one.results[0].fits for name, one in backtests.items() if name in ("nightly", "weekly")
    } == {
        "nightly": 15,
        "weekly": 3,
    }


def test_a_champion_is_never_older_than_the_bound_of_the_model(backtests):
    nights = nights_of(backtests["when_needed"])
    assert max(later - earlier for earlier, later in zip(nights, [*nights[1:], 14], strict=True)) <= 5
    assert backtests["own"].versions == backtests["when_needed"].versions


def test_every_cadence_serves_the_same_days(backtests):
    days = {name: [day.day for day in one.results[0].served] for name, one in backtests.items()}
    assert all(its == days["nightly"] for its in days.values())


@given(st.lists(losses, min_size=6, max_size=6), st.floats(0, 5))
def test_no_choice_of_nights_costs_less_than_the_oracles(table, cost):
    """`table[i][k]` is the loss of the fit of night i on its k-th later night; each may serve for three nights."""
    count, longest = 7, 3
    after = {
        place: [(_day(table[place][ahead]),) for ahead in range(min(longest, count - 1 - place))]
        for place in range(count - 1)
    }

    def total(places: tuple[int, ...]) -> float | None:
        spans = list(zip(places, [*places[1:], count - 1], strict=True))
        if any(end - place > longest for place, end in spans):
            return None
        return len(places) * cost + sum(sum(table[place][: end - place]) for place, end in spans)

    every = [(0, *rest) for size in range(count - 1) for rest in combinations(range(1, count - 1), size)]
    best = min(found for found in map(total, every) if found is not None)
    chosen = total(choose_places(after, 0, count, cost))
    assert chosen == pytest.approx(best)


def _day(loss: float) -> ServedDay:
    return ServedDay(day=NIGHTS.first + timedelta(days=1), version=1, loss=loss, rows=1)
