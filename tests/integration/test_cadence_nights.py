"""Nights of a model that is fitted weekly: the nights between pair and score its newest versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from contender.cli.status import render_status
from contender.installation import Installation
from contender.planning import read_plan
from contender.records import Decision
from contender.retraining import InstalledStores, NotDue, choose_recipes, collect_versions
from contender.settings import Settings
from contender.specs import Cadence, Days
from contender.status import read_status
from tests.integration.made_up import NIGHT, copy_catalog, install_flights, run_night

MODEL = "flight_delay"
FIRST, BETWEEN, DUE, LAST = (NIGHT - timedelta(days=before) for before in (3, 2, 1, 0))


class Weekly(NamedTuple):
    """The stores after four nights, and what each decided."""

    stores: InstalledStores
    decided: dict[object, tuple[Decision, ...]]


@pytest.fixture(scope="module")
def weekly_nights(tmp_path_factory) -> Weekly:
    """Four nights of two cheap recipes, the third of which is the weekday of the cadence; the second runs twice."""
    folder = tmp_path_factory.mktemp("cadence")
    made = install_flights(Settings(home=folder / "home"), copy_catalog(folder / "catalog"))
    linear = made.model.recipe("linear").model_copy(update={"window_days": 30})
    recipes = (linear, linear.model_copy(update={"name": "weaker", "parameters": {"C": 0.001}}))
    weekly = {"recipes": recipes, "cadence": Cadence(weekday=f"{DUE:%A}"), "recovery": None}
    model = made.model.model_copy(update=weekly)
    catalog = made.installation.catalog.model_copy(update={"models": {MODEL: model}})
    stores = InstalledStores(Installation(made.installation.settings, catalog), model)
    decided = {}
    for night in (FIRST, BETWEEN, BETWEEN, DUE, LAST):
        decided.setdefault(night, run_night(stores, night))
    return Weekly(stores, decided)


def verdict_of(weekly_nights, night):
    return weekly_nights.stores.installation.book.fit_verdicts.of_night(MODEL, night)


def test_the_first_night_and_those_of_the_weekday_fit(weekly_nights):
    assert weekly_nights.decided[FIRST][0].kind == "first"
    assert weekly_nights.decided[DUE]
    assert [verdict_of(weekly_nights, night).due for night in (FIRST, BETWEEN, DUE, LAST)] == [
        True,
        False,
        True,
        False,
    ]


def test_a_night_between_decides_nothing_and_registers_no_version(weekly_nights):
    assert weekly_nights.decided[BETWEEN] == weekly_nights.decided[LAST] == ()
    assert {one.night for one in weekly_nights.stores.last_fitted(LAST)} == {DUE}
    nights = {entry.decision.night for entry in weekly_nights.stores.installation.book.ledger.history(MODEL)}
    assert nights == {FIRST, DUE}


def test_the_newest_versions_are_scored_in_shadow_every_night(weekly_nights):
    shadow = weekly_nights.stores.installation.lake.read(
        weekly_nights.stores.model.shadow_contract, Days(first=BETWEEN, last=LAST + timedelta(days=1))
    ).to_pandas()
    streams = shadow.groupby("day")["stream"].nunique()
    assert list(streams) == [3, 3, 3, 3]  # both recipes and the champion
    assert shadow["day"].nunique() == 4


def test_days_are_paired_in_nights_that_fit_nothing(weekly_nights):
    pairs = weekly_nights.stores.installation.book.pairs.since(MODEL, "race", FIRST)
    assert [pair.day for pair in pairs] == [BETWEEN, DUE, LAST]


def test_a_night_that_is_run_again_later_has_the_same_answer(weekly_nights):
    before = verdict_of(weekly_nights, BETWEEN)
    with pytest.raises(NotDue, match="weekly, on Saturday: the last fit is of night 2013-03-28"):
        choose_recipes(weekly_nights.stores, BETWEEN)
    assert verdict_of(weekly_nights, BETWEEN) == before
    assert choose_recipes(weekly_nights.stores, DUE) == ("linear", "weaker")


def test_after_a_crash_the_fitted_versions_of_a_due_night_are_collected(weekly_nights):
    fitted = [one for one in weekly_nights.stores.last_fitted(LAST) if one.recipe == "weaker"]
    assert [one.recipe for one in collect_versions(weekly_nights.stores, DUE, fitted)] == ["weaker"]
    assert [one.recipe for one in collect_versions(weekly_nights.stores, LAST, ())] == ["linear", "weaker"]


def test_the_plan_and_the_status_say_why_nothing_is_fitted(weekly_nights):
    here = weekly_nights.stores.installation
    tomorrow = LAST + timedelta(days=1)
    plan = read_plan(here, weekly_nights.stores.model, datetime(2013, 4, 2, 8, tzinfo=UTC), tomorrow)
    assert (plan.night, plan.fits, plan.verdict.due) == (tomorrow, (), False)
    assert any("no fit is due: weekly, on Saturday" in note for note in plan.notes)
    assert plan.scoring.streams == 3
    assert "training" not in {cost.step for cost in plan.costs}
    assert here.book.fit_verdicts.of_night(MODEL, tomorrow) is None
    _, models = render_status(read_status(here))
    assert f"{MODEL}: night {LAST}: no fit was due: weekly, on Saturday" in str(models.caption)


def test_a_person_can_ask_for_a_fit(weekly_nights):
    asked = LAST + timedelta(days=2)
    assert choose_recipes(weekly_nights.stores, asked, "ann") == ("linear", "weaker")
    verdict = verdict_of(weekly_nights, asked)
    assert (verdict.due, verdict.asked_by) == (True, "ann")
    assert choose_recipes(weekly_nights.stores, asked) == ("linear", "weaker")


def test_an_edited_recipe_is_fitted_in_the_next_night(weekly_nights):
    linear, weaker = weekly_nights.stores.model.recipes
    edited = (linear, weaker.model_copy(update={"parameters": {"C": 0.01}}))
    model = weekly_nights.stores.model.model_copy(update={"recipes": edited})
    found = InstalledStores(weekly_nights.stores.installation, model).fit_facts(LAST)
    assert found.changed == ("weaker",)
