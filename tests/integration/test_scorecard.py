"""The ML Test Score of made-up flights after two nights, read from real stores."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from contender.installation import Installation
from contender.promoting import ManualDecision, decide_by_hand
from contender.scorecard import RUBRIC, SECTIONS, read_evidence, score
from contender.settings import PROJECT, Settings
from tests.integration.made_up import (
    NIGHT,
    copy_catalog,
    install_flights,
    invoke_on,
    run_night,
)

MODEL = "flight_delay"
NIGHTS = (NIGHT - timedelta(days=1), NIGHT)
DOCUMENTED = PROJECT / "docs" / "SCORECARD.md"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two nights of retraining, without ingestion, scoring and monitoring, and a roll-back by a person."""
    folder = tmp_path_factory.mktemp("scored")
    stores = install_flights(Settings(home=folder / "home"), copy_catalog(folder / "catalog"))
    with pytest.MonkeyPatch.context() as patch:  # the commit of a checkout without changes
        patch.setattr("contender.training.fit.code_version", lambda: "0123456789ab")
        for night in NIGHTS:
            run_night(stores, night)
    decide_by_hand(stores.installation, MODEL, ManualDecision("rolled_back", "ana", "a rehearsal"))
    return stores.installation


@pytest.fixture
def run(place, monkeypatch):
    yield from invoke_on(place.settings, place.catalog, "score", monkeypatch)


def read_documented() -> dict[str, float]:
    """The scores of the made-up flights in the documentation, by test."""
    rows = re.findall(r"^\| ([a-z]+ \d) .*\| ([\d.]+) \|$", DOCUMENTED.read_text(), re.MULTILINE)
    return {name: float(value) for name, value in rows}


def score_tests(place: Installation) -> dict[str, float]:
    card = score(read_evidence(place, MODEL))
    return {test.id: found.finding.score for test, found in zip(RUBRIC, card.tests, strict=True)}


def test_the_scores_are_those_of_the_documentation(place):
    assert score_tests(place) == read_documented()


def test_the_command_prints_each_test_with_its_reason_and_the_total(run):
    outcome = run(MODEL)
    assert outcome.exit_code == 0, outcome.output
    for test in RUBRIC:
        assert re.search(rf"^ *{test.id} +{test.name} +(0|0\.5|1) ", outcome.stdout, re.MULTILINE)
    summary = outcome.stdout.strip().splitlines()[-1]
    assert summary in DOCUMENTED.read_text()


def test_the_evidence_names_records_that_exist(place, run):
    (card,) = json.loads(run(MODEL, "--json").stdout)
    shown = " ".join(where for test in card["tests"] for where in test["finding"]["evidence"])
    evaluations, decisions = re.findall(r"evaluation (\w+):", shown), re.findall(r"decision (\w+):", shown)
    assert evaluations
    assert decisions
    assert all(place.book.evaluations.get(found) for found in evaluations)
    assert all(place.book.ledger.decision(found) for found in decisions)


def test_files_in_the_reports_folder_are_evidence(place):
    folder = place.settings.home / "reports"
    folder.mkdir()
    for number, night in enumerate(NIGHTS, start=1):
        replay = {"model": MODEL, "entry": number, "night": str(night), "identical": True, "parts": []}
        (folder / f"replay-{MODEL}-{number}.json").write_text(json.dumps(replay))
        (folder / f"junit-{number}.xml").write_text(
            f'<testsuite timestamp="{night}T04:00:00"><testcase classname="test_{MODEL}_features"/></testsuite>'
        )
    (folder / f"replay-{MODEL}-9.json").write_text("stopped")
    (folder / f"drill-feed-{MODEL}-2013-03-01.html").write_text("a drill")
    before = read_documented()
    assert score_tests(place) == before | {"data 7": 1, "infrastructure 1": 1, "infrastructure 3": 0.5}


def test_every_model_of_an_empty_installation_scores_zero_with_reasons(installation):
    for model in installation.catalog.models:
        card = score(read_evidence(installation, model))
        assert card.sections == dict.fromkeys(SECTIONS, 0)
        assert all(test.finding.why and test.finding.missing for test in card.tests)
