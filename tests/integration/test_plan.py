"""`contender plan`: what a night would do is what the night then does, and edited files are shown."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime

import pytest

from contender.admission import publish_batch
from contender.gating import check
from contender.ingesting import land
from contender.installation import Installation
from contender.planning import read_plan
from contender.records import migrate
from contender.retraining import InstalledStores
from contender.settings import Settings
from contender.specs import Days, load_catalog
from demo import source
from tests.integration.made_up import NIGHT, copy_catalog, install_flights, invoke_on, run_night, tomorrow

MODEL, NOW = "flight_delay", datetime(2013, 4, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An installation with a night that was planned, and then run; the plan before and after it."""
    folder = tmp_path_factory.mktemp("planned")
    here, catalog = Settings(home=folder / "home", nightly_from=None), copy_catalog(folder / "catalog")
    stores = install_flights(here, catalog)
    before = read_plan(stores.installation, stores.model, NOW)
    run_night(stores, NIGHT)
    after = read_plan(stores.installation, stores.model, NOW)
    return stores, before, after


@pytest.fixture
def edited(place, tmp_path):
    """A function that edits files of the model in a copy of the catalog, and plans the next night with them."""

    def edit(file: str, pattern: str, replacement: str):
        catalog = copy_catalog(tmp_path / "catalog")
        changed = catalog.home / "models" / MODEL / file
        text = changed.read_text()
        assert re.search(pattern, text)
        changed.write_text(re.sub(pattern, replacement, text, count=1))
        here = Installation(place[0].installation.settings, load_catalog(catalog.home))
        return read_plan(here, here.catalog.model(MODEL), NOW)

    return edit


@pytest.fixture
def run(place, monkeypatch):
    monkeypatch.setenv("CONTENDER_NIGHTLY_FROM", "")
    here = place[0].installation
    yield from invoke_on(here.settings, here.catalog, "plan", monkeypatch)


def test_a_planned_night_is_what_the_night_then_does(place):
    stores, plan, _ = place
    assert plan.night == NIGHT
    book = stores.installation.book
    fitted = [one.challenger for one in book.evaluations.newest(MODEL)]
    done = {one.recipe: (one.trained_on, one.rows) for one in fitted}
    assert {fit.recipe: (fit.window, fit.rows) for fit in plan.fits} == done
    assert {fit.role for fit in plan.fits} == {"first", "rival"}
    assert {fit.change.state for fit in plan.fits} == {"new"}
    evaluated = {one.judged_on for one in book.evaluations.newest(MODEL)}
    assert evaluated == {plan.scoring.evaluated}
    shadow = stores.installation.lake.day_files(
        stores.model.shadow_contract.table, Days(first=NIGHT, last=plan.scoring.day)
    )
    assert list(shadow) == [plan.scoring.day]
    assert (
        shadow[plan.scoring.day].rows == plan.scoring.rows * 3
    )  # two recipes, and the champion of that night


def test_the_night_after_is_next_and_refreshes_the_champion(place):
    stores, _, plan = place
    assert plan.night == tomorrow(NIGHT)
    assert [(fit.recipe, fit.role, fit.change.state) for fit in plan.fits] == [
        ("boosted_trees", "refresh", "unchanged"),
        ("linear", "rival", "unchanged"),
    ]
    assert plan.scoring.version == stores.installation.book.ledger.champion(MODEL) == 1
    assert (plan.build.features_exist, plan.build.labels_exist, plan.build.engine) == (False, False, "duckdb")
    assert (plan.contract_changes, plan.withdrawn, plan.notes) == ((), (), ())


def test_a_night_that_is_over_would_reuse_its_versions(place):
    stores = place[0]
    plan = read_plan(stores.installation, stores.model, NOW, NIGHT)
    assert [fit.reused for fit in plan.fits] == [1, 2]
    assert plan.notes[0].startswith("night 2013-03-31 is over; the next one is 2013-04-01")
    assert (plan.build.features_exist, plan.build.labels_exist) == (True, True)


def test_an_edited_recipe_is_shown_with_its_differences(edited):
    plan = edited("spec.py", r'"C": 0\.1', '"C": 0.25')
    changes = {fit.recipe: fit.change for fit in plan.fits}
    assert changes["boosted_trees"].state == "unchanged"
    assert changes["linear"].state == "edited"
    assert changes["linear"].differences == ("parameters.C: 0.1 -> 0.25",)


def test_a_renamed_recipe_is_new_and_its_old_name_withdrawn(edited):
    plan = edited("spec.py", r'name="linear"', 'name="line"')
    assert {fit.recipe: fit.change.state for fit in plan.fits}["line"] == "new"
    assert plan.withdrawn == ("linear",)


def test_an_edited_feature_file_edits_all_recipes_and_leaves_older_features(edited):
    plan = edited("features.py", r"\Z", "\n# another version\n")
    assert {fit.change.differences for fit in plan.fits} == {("features.py",)}
    assert {fit.role for fit in plan.fits} == {"rival"}
    assert plan.build.edited == ("features.py",)
    assert plan.build.older.last == date(2013, 3, 24)
    notes = "\n".join(plan.notes)
    assert "run features__flight_delay for them to build them again" in notes
    assert "no recipe refreshes version 1" in notes


def test_the_plan_is_printed_as_tables_and_as_json(run):
    shown = run(MODEL)
    assert shown.exit_code == 0, shown.output
    assert "flight_delay, night 2013-04-01" in shown.output
    assert "boosted_trees (refresh)" in shown.output
    assert "unknown" in shown.output
    (plan,) = json.loads(run(MODEL, "--json").output)
    assert (plan["night"], plan["scoring"]["day"]) == ("2013-04-01", "2013-04-02")


def test_a_later_night_names_the_nights_before_it(run):
    assert "2013-04-01..2013-04-04 comes first" in run(MODEL, "--night", "2013-04-05").output


def test_without_loaded_rows_the_plan_says_what_to_load(here, installation):
    unscheduled = Installation(here.model_copy(update={"nightly_from": None}), installation.catalog)
    model = installation.catalog.model(MODEL)
    without, scheduled = read_plan(unscheduled, model, NOW), read_plan(installation, model, NOW)
    assert (without.night, scheduled.night) == (None, here.nightly_from)
    for plan in (without, scheduled):
        assert "contender load flight_delay FIRST..LAST" in plan.notes[0]


def test_inputs_are_followed_from_the_landing_zone_to_their_table(here, book, installation):
    day, model = date(2013, 9, 1), installation.catalog.model(MODEL)
    spec = installation.catalog.dataset("departures")

    def state_at(hour: int) -> str:
        plan = read_plan(installation, model, datetime(2013, 9, 2, hour, 0, tzinfo=UTC), day)
        return next(one.state for one in plan.inputs if one.table == spec.contract.table)

    assert (state_at(6), state_at(12)) == ("expected", "overdue")
    source.drop("departures", [day], here.landing)
    assert state_at(12) == "landed"
    batch = land(spec, Days.one(day), here)
    result = check(spec.contract, batch, "run")
    book.gates.add(result.model_copy(update={"id": "failed", "verdict": "fail"}))
    assert state_at(12) == "quarantined"
    publish_batch(installation, batch, "run")
    assert state_at(12) == "published"


def test_without_a_model_the_command_says_what_to_draft(tmp_path, monkeypatch):
    (tmp_path / "catalog").mkdir()
    here, catalog = Settings(home=tmp_path / "home"), load_catalog(tmp_path / "catalog")
    migrate(here.records)
    for run in invoke_on(here, catalog, "plan", monkeypatch):
        assert "contender new model" in run().output


def test_reading_a_plan_changes_nothing(place):
    stores = place[0]
    book, lake = stores.installation.book, stores.installation.lake
    was = lake.metadata(), book.ledger.count(), book.documents.newest()
    read_plan(InstalledStores(stores.installation, stores.model).installation, stores.model, NOW)
    assert (lake.metadata(), book.ledger.count(), book.documents.newest()) == was
