"""Nights with real fits and a real registry: promotions of rivals, crashes, edited recipes and roll-backs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contender.evaluating import evaluate
from contender.promoting import (
    ManualDecision,
    decide_by_hand,
    decide_promotion,
    enter_answers,
    promote,
    read_standing,
    verify_ledger,
)
from contender.records import Answer, PairedDay, Proposal, StaleDecision
from contender.retraining import InstalledStores
from contender.settings import Settings
from contender.specs import Approval
from contender.training import fingerprint_recipe, train
from tests.integration.keeping import Kept, keep
from tests.integration.made_up import (
    NIGHT,
    copy_catalog,
    install_flights,
    run_night,
    tomorrow,
)

FIRST_NIGHT = NIGHT - timedelta(days=3)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    """An installation with three months of made-up flights, and a first champion since three nights ago."""
    folder = tmp_path_factory.mktemp("ledger_nights")
    made = install_flights(Settings(home=folder / "home"), copy_catalog(folder / "catalog"))
    run_night(made, FIRST_NIGHT)
    return keep(made)


@pytest.fixture
def place(kept) -> InstalledStores:
    return kept.reset()


def kinds(decisions) -> list[str]:
    return [decision.kind for decision in decisions]


def fingerprint(place, recipe: str) -> str:
    model = place.model
    return fingerprint_recipe(model, model.recipe(recipe), place.installation.catalog.model_home(model.name))


def let_win(place, recipe: str, days: int = 120) -> None:
    """Pairs of days in the book on which the rival lost less, as shadow nights would have left."""
    incumbent = fingerprint(place, "boosted_trees")
    for ago in range(days):
        day = NIGHT - timedelta(days=ago)
        place.installation.book.pairs.add(
            PairedDay(
                id=f"pair-{day}",
                model=place.model.name,
                question="race",
                day=day,
                incumbent=incumbent,
                rival=fingerprint(place, recipe),
                incumbent_version=1,
                rival_version=2,
                incumbent_loss=0.21 + 0.001 * (ago % 3),
                rival_loss=0.20,
                rows=500,
            )
        )


def test_the_first_recipe_is_promoted_and_then_refreshed(place):
    assert kinds(run_night(place, tomorrow(FIRST_NIGHT))) == ["refreshed"]
    champion = place.installation.registry.champion(place.model.name)
    assert (champion.recipe, champion.night) == ("boosted_trees", tomorrow(FIRST_NIGHT))


def test_shadow_predictions_are_paired_once_outcomes_are_known(place):
    run_night(place, tomorrow(FIRST_NIGHT))
    (pair,) = place.installation.book.pairs.since(place.model.name, "race", FIRST_NIGHT)
    assert pair.day == tomorrow(FIRST_NIGHT)
    assert (pair.incumbent, pair.rival) == (
        fingerprint(place, "boosted_trees"),
        fingerprint(place, "linear"),
    )
    assert pair.rows == 60


def test_a_rival_without_a_score_counts_with_the_loss_of_the_baseline(place):
    second, third = tomorrow(FIRST_NIGHT), FIRST_NIGHT + timedelta(days=2)
    run_night(place, second, recipes=["boosted_trees"])
    run_night(place, third)
    scored, crashed = place.installation.book.pairs.since(place.model.name, "race", second)
    assert (scored.day, scored.rival_version is None) == (second, False)
    assert (crashed.day, crashed.rival, crashed.rival_version) == (third, fingerprint(place, "linear"), None)
    assert crashed.rows == 60
    assert crashed.rival_loss not in (0.0, crashed.incumbent_loss)


def test_a_rival_that_passed_its_test_is_promoted_and_the_tests_restart(place, monkeypatch):
    monkeypatch.setattr("tests.integration.test_ledger_nights.NIGHT", FIRST_NIGHT + timedelta(days=121))
    let_win(place, "linear")
    decisions = run_night(place, tomorrow(FIRST_NIGHT))
    assert kinds(decisions) == ["refreshed", "promoted"]
    assert place.installation.registry.champion(place.model.name).recipe == "linear"
    assert read_standing(place.model.name, place.installation.book).since == tomorrow(FIRST_NIGHT)


def test_after_a_crash_of_its_recipe_the_champion_keeps_serving(place):
    decisions = run_night(place, tomorrow(FIRST_NIGHT), recipes=["linear"])
    assert kinds(decisions) == ["held"]
    assert place.installation.registry.champion(place.model.name).version == decisions[0].champion_before


def test_an_edited_recipe_is_a_rival(place):
    recipes = tuple(recipe.model_copy(update={"seed": recipe.seed + 1}) for recipe in place.model.recipes)
    edited = InstalledStores(place.installation, place.model.model_copy(update={"recipes": recipes}))
    assert kinds(run_night(edited, tomorrow(FIRST_NIGHT))) == ["held"]


def test_after_a_roll_back_the_previous_version_serves_until_resume(place):
    run_night(place, tomorrow(FIRST_NIGHT))
    before = place.installation.book.ledger.decisions(place.model.name)[0].champion_before
    back = decide_by_hand(place.installation, place.model.name, ManualDecision("rolled_back", "ana", "worse"))
    assert (
        place.installation.registry.champion(place.model.name).version
        == before
        == back.decision.champion_after
    )
    assert kinds(run_night(place, FIRST_NIGHT + timedelta(days=2))) == ["held"]
    decide_by_hand(place.installation, place.model.name, ManualDecision("resumed", "ben", "mended"))
    assert kinds(run_night(place, NIGHT)) == ["refreshed"]


def test_running_a_night_again_does_not_undo_a_roll_back(place):
    night = tomorrow(FIRST_NIGHT)
    run_night(place, night)
    back = decide_by_hand(place.installation, place.model.name, ManualDecision("rolled_back", "ana", "worse"))
    run_night(place, night)
    assert place.installation.book.ledger.champion(place.model.name) == back.decision.champion_after


def test_a_stale_decision_is_made_again_when_the_night_is_run_again(place):
    """A person acts between the evaluation and the decision; running the night again is enough."""
    model, night = place.model, FIRST_NIGHT + timedelta(days=2)
    run_night(place, tomorrow(FIRST_NIGHT))
    version = train(place.installation, model, model.recipes[0], night)
    judged = evaluate(place.installation, model, version)
    decide_by_hand(place.installation, model.name, ManualDecision("emergency", "ana", "a pandemic", 1))
    with pytest.raises(StaleDecision):
        promote(
            [decide_promotion(judged, model.guards)], place.installation.book, place.installation.registry
        )
    (decision,) = run_night(place, night)
    assert (decision.kind, decision.champion_before) == ("held", 1)


@pytest.fixture
def asked(place):
    """A refresh that has been waiting for a person for an hour."""
    model, night = place.model, tomorrow(FIRST_NIGHT)
    version = train(place.installation, model, model.recipes[0], night)
    judged = evaluate(place.installation, model, version)
    at = datetime(2013, 4, 1, 8, tzinfo=UTC)
    proposal = Proposal(
        decision=decide_promotion(judged, model.guards), asked=at, deadline=at + timedelta(hours=12), form="f"
    )
    place.installation.book.proposals.put(proposal)
    return proposal


def enter_answer(place, proposal, *, approved: bool):
    at = proposal.asked + timedelta(hours=1)
    said = Answer(decision=proposal.decision.id, approved=approved, by="ana", at=at)
    return enter_answers(
        [proposal.decision],
        [said],
        Approval(refreshes=True),
        place.installation.book,
        place.installation.registry,
    )


def test_entering_an_answer_again_makes_no_second_entry(place, asked):
    first, again = (enter_answer(place, asked, approved=True) for _ in range(2))
    assert first == again
    assert place.installation.registry.champion(place.model.name).version == asked.decision.challenger
    assert place.installation.book.proposals.get(asked.decision.id).state == "approved"


def test_an_approval_after_a_manual_decision_is_recorded_as_stale(place, asked):
    decide_by_hand(place.installation, place.model.name, ManualDecision("emergency", "ben", "a pandemic", 2))
    with pytest.raises(StaleDecision, match=r"the champion is version 2, but .* was made against version 1"):
        enter_answer(place, asked, approved=True)
    assert place.installation.registry.champion(place.model.name).version == 2
    assert place.installation.book.proposals.get(asked.decision.id).state == "stale"


def test_a_refusal_after_a_manual_decision_is_entered(place, asked):
    decide_by_hand(place.installation, place.model.name, ManualDecision("emergency", "ben", "a pandemic", 2))
    (entry,) = enter_answer(place, asked, approved=False)
    assert (entry.decision.kind, entry.decision.by, entry.decision.champion_after) == ("held", "ana", 2)


def test_the_ledger_agrees_with_the_seal_in_the_registry(place):
    assert verify_ledger(place.model.name, place.installation.book, place.installation.registry) == ()


def test_an_entry_removed_from_the_end_is_detected(place):
    place.installation.registry.note_ledger(place.model.name, 2, "the seal of an entry that was taken away")
    (word,) = verify_ledger(place.model.name, place.installation.book, place.installation.registry)
    assert word == "entries 2 to 2 are missing: the registry recorded entry 2"


def test_an_alias_behind_the_ledger_is_reported(place):
    run_night(place, tomorrow(FIRST_NIGHT))
    place.installation.registry.set_champion(place.model.name, 1)
    (word,) = verify_ledger(place.model.name, place.installation.book, place.installation.registry)
    assert word.startswith("the alias points to version 1, the ledger to 3")
