"""The card of a trained version, with slices and behaviour tests, as Markdown, HTML and JSON."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from contender.cards import CardError, read_card
from contender.cards.read import _past_spec
from contender.installation import Installation
from contender.promoting import ManualDecision, decide_by_hand
from contender.settings import Settings, settings
from tests.integration.made_up import (
    NIGHT,
    copy_catalog,
    install_flights,
    run_night,
)

MODEL = "flight_delay"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A night that trained two versions, of which the first is serving."""
    folder = tmp_path_factory.mktemp("carded")
    here, catalog = Settings(home=folder / "home"), copy_catalog(folder / "catalog")
    made = install_flights(here, catalog)
    run_night(made, NIGHT)
    return made


@pytest.fixture
def run(place, monkeypatch):
    from contender.cli import app

    monkeypatch.setenv("CONTENDER_HOME", str(place.installation.settings.home))
    monkeypatch.setenv("CONTENDER_CATALOG_HOME", str(place.installation.catalog.home))
    settings.cache_clear()
    yield lambda *words: CliRunner().invoke(app, ["card", *words])
    settings.cache_clear()


def test_without_a_version_the_card_is_the_champions(place):
    card = read_card(place.installation, MODEL)
    assert (card.version, card.serves, card.made.recipe) == (1, True, "boosted_trees")
    assert [entry.decision.kind for entry in card.ledger] == ["first"]


def test_a_card_has_all_measurements(place):
    card = read_card(place.installation, MODEL, 1)
    assert card.loss_interval.low < card.measures[0].version < card.loss_interval.high
    assert sum(point.rows for point in card.calibration) == card.judged_rows
    assert {part.name for part in card.slices} >= {"airline=AA", "airport=UA"}
    assert card.seconds_per_million_rows > 0
    assert card.artifact_bytes > 0


def test_an_evaluated_version_without_a_decision_has_a_card(place):
    card = read_card(place.installation, MODEL, 2)
    assert (card.made.recipe, card.serves, card.ledger) == ("linear", False, ())


def test_a_card_shows_the_recipe_at_the_evaluation_and_the_limits_of_today(place):
    edited = place.model.model_copy(update={"recipes": place.model.recipes[1:], "limits": ("not at night",)})
    catalog = place.installation.catalog.model_copy(update={"models": {MODEL: edited}})
    card = read_card(Installation(place.installation.settings, catalog), MODEL, 1)
    assert card.parameters == place.model.recipes[0].parameters
    assert card.limits == ("not at night",)


def test_a_contract_that_this_release_cannot_read_is_replaced_by_todays(place):
    here, spec = place.installation, place.installation.catalog.model(MODEL)
    judged = here.book.evaluations.of_version(MODEL, 1)
    other = judged.model_copy(update={"contract": here.book.documents.keep("contract", '{"colour": 1}')})
    assert _past_spec(here.book, spec, other) == spec


def test_the_error_for_an_unknown_version_lists_the_versions(place):
    with pytest.raises(CardError, match=r"version 9 was never evaluated.*choose one of 1, 2"):
        read_card(place.installation, MODEL, 9)


def test_the_error_before_the_first_night_names_the_dag_to_run(installation, book):
    with pytest.raises(
        CardError,
        match=r"no version of household_return is serving yet: run the DAG retrain__household_return",
    ):
        read_card(installation, "household_return")


def test_the_command_prints_markdown_json_and_a_file(run, tmp_path):
    assert run(MODEL).stdout.startswith("# flight_delay, version 1 (serving)\n")
    assert json.loads(run(MODEL, "2", "--json").stdout)["version"] == 2
    outcome = run(MODEL, "1", "--html", str(tmp_path / "cards" / "one.html"))
    assert outcome.exit_code == 0
    assert "<svg" in (tmp_path / "cards" / "one.html").read_text()


def test_the_card_names_the_person_who_promoted_the_version_by_hand(place):
    decide_by_hand(place.installation, MODEL, ManualDecision("emergency", "ana", "the first one broke", 2))
    card = read_card(place.installation, MODEL)
    assert card.version == 2
    assert ("promoted by hand", "ana: the first one broke") in [(c.about, c.told) for c in card.cautions]
