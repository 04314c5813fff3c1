"""A night that is run again with corrected tests or another contract is judged again, and else not."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from contender.installation import Installation
from contender.replaying import replay
from contender.retraining import InstalledStores
from contender.settings import Settings
from tests.integration.keeping import Kept, keep
from tests.integration.made_up import NIGHT, copy_catalog, install_flights, run_night

MODEL, RECIPE = "flight_delay", ["boosted_trees"]
FIRST_NIGHT = NIGHT - timedelta(days=1)
TEST = """
from contender.specs import Direction

BEHAVIOUR = (
    Direction(
        name="a carrier that was late more often is late more often",
        change=lambda flights: flights.assign(carrier_late=flights["carrier_late"] + 20),
        expect="%s",
    ),
)
"""


def write_test(place: InstalledStores, expect: str) -> None:
    (place.installation.catalog.model_home(MODEL) / "behaviour.py").write_text(TEST % expect)


def with_contract(place: InstalledStores, **changes: object) -> InstalledStores:
    """The same installation with another contract of the model, as a process would load it after an edit."""
    catalog = place.installation.catalog
    changed = catalog.model_copy(update={"models": {MODEL: place.model.model_copy(update=changes)}})
    return InstalledStores(Installation(place.installation.settings, changed), changed.model(MODEL))


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    """A night on which a mistaken behaviour test held the refresh of the first champion."""
    folder = tmp_path_factory.mktemp("criteria")
    made = install_flights(Settings(home=folder / "home"), copy_catalog(folder / "catalog"))
    run_night(made, FIRST_NIGHT, RECIPE)
    write_test(made, "down")
    (held,) = run_night(made, NIGHT, RECIPE)
    assert [reason.guard for reason in held.reasons if not reason.passed] == ["behaviour"]
    return keep(made)


@pytest.fixture
def place(kept) -> InstalledStores:
    return kept.reset()


def test_a_night_that_a_mistaken_test_held_is_decided_again_with_the_corrected_test(place):
    write_test(place, "up")
    (decision,) = run_night(place, NIGHT, RECIPE)
    assert decision.kind == "refreshed"
    assert len(place.installation.book.ledger.decisions(MODEL)) == 3


def test_both_decisions_of_a_corrected_night_are_in_the_ledger_and_the_last_is_replayed_with_its_own_test(
    place,
):
    write_test(place, "up")
    run_night(place, NIGHT, RECIPE)
    found = replay(place.installation, place.installation.book.ledger.head(MODEL))
    assert [part.name for part in found.parts if not part.identical] == []


def test_a_replay_names_a_test_that_was_edited_since_and_is_not_in_a_repository(place):
    write_test(place, "up")
    found = replay(place.installation, place.installation.book.ledger.head(MODEL))
    differing = [part.name for part in found.parts if not part.identical]
    assert differing == ["criteria", "behaviour", "guard: behaviour", "decision"]
    assert any(note.startswith("models/flight_delay/behaviour.py changed since") for note in found.notes)


def test_a_changed_bound_of_a_guard_decides_the_night_again(place):
    place.installation.catalog.model_home(MODEL).joinpath("behaviour.py").unlink()
    strict = place.model.guards.model_copy(update={"max_disagreement": 1e-9})
    (decision,) = run_night(with_contract(place, guards=strict), NIGHT, RECIPE)
    assert decision.kind == "held"
    assert "disagreement" in {reason.guard for reason in decision.reasons if not reason.passed}


def test_a_change_that_no_judgement_depends_on_keeps_the_evaluation_and_the_decision(place):
    before = place.installation.book.ledger.decisions(MODEL)
    run_night(with_contract(place, description="Other words."), NIGHT, RECIPE)
    assert place.installation.book.ledger.decisions(MODEL) == before


def test_a_version_that_serves_is_not_judged_against_itself(place):
    write_test(place, "up")
    (promoted,) = run_night(place, NIGHT, RECIPE)
    write_test(place, "down")
    assert run_night(place, NIGHT, RECIPE) == (promoted,)


def test_a_decision_made_before_criteria_were_recorded_is_kept(place):
    with sqlite3.connect(place.installation.settings.home / "records.db") as database:
        database.execute("update evaluations set record = json_remove(record, '$.criteria')")
    before = place.installation.book.ledger.decisions(MODEL)
    write_test(place, "up")
    run_night(place, NIGHT, RECIPE)
    assert place.installation.book.ledger.decisions(MODEL) == before
