"""A canary in the real app over a real book and registry: who answers, what returns it, and what a restart keeps."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from contender.alerting import review_incidents
from contender.installation import Installation
from contender.promoting import ManualDecision, decide_by_hand
from contender.records import Decision, identify
from contender.registry import open_registry
from contender.serving import canaries
from contender.serving.app import build_app
from contender.serving.following import Follower
from contender.serving.keys import Keyring
from contender.serving.server import prepare
from contender.settings import Settings
from contender.specs import Catalog, Serving
from tests.unit.judged import version
from tests.unit.served import MODEL, fit, fit_strict, post, row_of

GOOD, STRICT = "boosted_trees", "linear"
RECIPES = (GOOD, STRICT, STRICT)
SHARE = 0.3


@pytest.fixture(scope="module")
def trying(catalog) -> Catalog:
    """The catalog with a canary."""
    model = catalog.model(MODEL).model_copy(update={"serving": Serving(canary=SHARE)})
    return catalog.model_copy(update={"models": {MODEL: model}})


@pytest.fixture(scope="module")
def pipelines(catalog) -> dict[str, Any]:
    return {GOOD: fit(catalog), STRICT: fit_strict(catalog.model(MODEL))}


@pytest.fixture(scope="module")
def fitted(trying, pipelines, tmp_path_factory) -> Settings:
    """The settings of a registry with a version, and two of a recipe that cannot predict new airlines."""
    here = Settings(home=tmp_path_factory.mktemp("fitted") / "home")
    here.home.mkdir()
    features = trying.model(MODEL).feature_names
    for number, recipe in enumerate(RECIPES, 1):
        made = version(number, recipe=recipe).model_copy(update={"recipe": recipe, "features": features})
        pipeline = pipelines[recipe]
        done = open_registry(here).register(
            made, str(number), pipeline, pipeline, parameters={}, requirements=[]
        )
        assert done.version == number
    return here


@pytest.fixture
def place(installation, trying, fitted) -> Installation:
    """An installation with this registry and a ledger of its own, whose champion is version 1."""
    settings = installation.settings.model_copy(update={"registry": fitted.registry})
    here = Installation(settings, trying)
    enter(here, "first", 1)
    return here


def enter(here: Installation, kind: Any, number: int, night: date = date(2013, 9, 1)) -> None:
    """Enter a decision of a night."""
    before = here.book.ledger.champion(MODEL)
    recipes = [None if n is None else RECIPES[n - 1] for n in (before, number)]
    here.book.ledger.enter(
        Decision(
            id=identify(kind, str(number), str(night)),
            model=MODEL,
            night=night,
            kind=kind,
            evaluation=None,
            champion_before=before,
            champion_after=number,
            challenger=number,
            champion_recipe=recipes[0],
            challenger_recipe=recipes[1],
            reasons=(),
        )
    )


def start(here: Installation) -> tuple[Follower, FastAPI]:
    """A server that has read the ledger once; its thread does not run."""
    follower = prepare(here, [MODEL], Keyring(here.catalog))
    follower.follow()
    return follower, build_app(follower)


def ask(app: FastAPI, here: Installation, number: int, airline: str = "AA") -> httpx.Response:
    """Ask about one of many flights, on an airline that all versions know, or not."""
    row = row_of(here.catalog.model(MODEL)) | {"flight_seen": number, "airline": airline}
    return post(app, json.dumps({"rows": [row]}).encode())


def roles(app: FastAPI, here: Installation, numbers: Sequence[int] = range(10)) -> dict[str, int]:
    """The version that answers in each role."""
    answers = [ask(app, here, number).json() for number in numbers]
    return {answer["role"]: answer["model_version"] for answer in answers}


def shown(app: FastAPI) -> dict[str, Any]:
    async def get() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            return await client.get(f"/v1/models/{MODEL}")

    found: dict[str, Any] = asyncio.run(get()).json()
    return found


def fail(app: FastAPI, here: Installation) -> None:
    """Ask about an airline that the strict recipe does not know, until the canary has failed often enough."""
    statuses = [ask(app, here, number, "ZZ").status_code for number in range(30)]
    assert set(statuses) == {200, 422}
    assert statuses[-5:] == [200] * 5  # the version before answers everything at once


def test_a_promoted_recipe_answers_its_share_and_a_flight_sees_one_version(place):
    follower, app = start(place)
    assert roles(app, place) == {"champion": 1}
    enter(place, "promoted", 2)
    follower.follow()
    first = [ask(app, place, number).json()["model_version"] for number in range(40)]
    assert first == [ask(app, place, number).json()["model_version"] for number in range(40)]
    assert 0.1 < first.count(2) / 40 < 0.5
    assert roles(app, place) == {"canary": 2, "previous": 1}
    canary = shown(app)["canary"]
    assert (canary["model_version"], canary["previous_version"]) == (2, 1)
    assert (canary["share"], canary["returned"]) == (SHARE, None)
    assert shown(app)["behind_since"] is None
    metrics = follower.metrics.render().decode()
    assert f'contender_serving_canary_version{{model="{MODEL}"}} 2.0' in metrics
    assert f'contender_serving_answers_total{{model="{MODEL}",role="canary"}}' in metrics


def test_after_a_day_without_a_breach_it_serves_all_without_being_loaded_again(place, monkeypatch):
    enter(place, "promoted", 2)
    follower, app = start(place)
    loaded = follower.models[MODEL].trial.version
    monkeypatch.setattr(canaries, "CANARY_TIME", timedelta(0))
    follower.follow()
    assert roles(app, place) == {"champion": 2}
    assert follower.models[MODEL].current is loaded
    assert shown(app)["canary"] is None
    assert start(place)[0].models[MODEL].current.number == 2


def test_a_canary_that_fails_more_often_returns_and_opens_one_incident(place, caplog):
    enter(place, "promoted", 2)
    (follower, app), (_, other) = (start(place) for _ in range(2))
    fail(app, place)
    fail(other, place)
    with caplog.at_level(logging.ERROR):
        follower.follow()
    assert "version 2 was returned" in caplog.text
    assert "1 was returned" not in caplog.text
    follower.follow()
    assert roles(app, place) == {"previous": 1}
    (incident,) = place.book.incidents.unfinished()
    assert incident.what == f"{MODEL}: online predictions returned from version 2 to 1"
    mail = place.book.alerts.newest_of(MODEL)
    assert "failed with it and 0 with the version before it" in mail.text
    assert "#a-canary-was-returned" in mail.text
    assert "failed with it" in shown(app)["canary"]["returned"]
    assert shown(app)["canary"]["share"] == 0
    assert f'contender_serving_canary_returned{{model="{MODEL}"}} 1.0' in follower.metrics.render().decode()
    assert place.book.ledger.champion(MODEL) == 2


def returned(place: Installation) -> tuple[Follower, FastAPI]:
    """A server that has returned the canary."""
    enter(place, "promoted", 2)
    follower, app = start(place)
    fail(app, place)
    follower.follow()
    follower.follow()
    return follower, app


def test_a_returned_canary_stays_returned_on_other_servers_and_after_a_restart(place, monkeypatch):
    enter(place, "promoted", 2)
    other, app_of_other = start(place)
    assert set(roles(app_of_other, place)) == {"canary", "previous"}
    follower, app = start(place)
    fail(app, place)
    follower.follow()
    follower.follow()
    other.follow()
    assert roles(app_of_other, place) == {"previous": 1}
    monkeypatch.setattr(canaries, "CANARY_TIME", timedelta(0))  # also after its day
    _, restarted = start(place)
    assert roles(restarted, place) == {"previous": 1}
    assert "contender incidents list" in shown(restarted)["canary"]["returned"]
    assert len(place.book.incidents.unfinished()) == 1


def test_a_canary_that_was_returned_just_before_a_server_stopped_stays_returned(place):
    enter(place, "promoted", 2)
    follower, app = start(place)
    fail(app, place)
    follower.stop()
    assert roles(start(place)[1], place) == {"previous": 1}
    assert len(place.book.incidents.unfinished()) == 1


def test_a_roll_back_ends_a_returned_canary_and_its_incident_recovers(place):
    follower, app = returned(place)
    (incident,) = place.book.incidents.unfinished()
    decide_by_hand(place, MODEL, ManualDecision("rolled_back", "ana", "it failed"))
    follower.follow()
    follower.follow()
    assert roles(app, place) == {"champion": 1}
    assert shown(app)["canary"] is None
    review_incidents(place, datetime.now(UTC))
    assert incident.id not in {one.id for one in place.book.incidents.unfinished()}


def test_a_roll_back_during_a_canary_ends_it(place):
    enter(place, "promoted", 2)
    follower, app = start(place)
    decide_by_hand(place, MODEL, ManualDecision("rolled_back", "ana", "a test"))
    follower.follow()
    assert roles(app, place) == {"champion": 1}


def test_a_person_who_chooses_a_version_needs_no_canary(place):
    follower, app = start(place)
    decide_by_hand(place, MODEL, ManualDecision("emergency", "ana", "a test", 2))
    follower.follow()
    assert roles(app, place) == {"champion": 2}


def test_a_refresh_is_the_canary_of_its_recipe_with_new_counts_and_after_a_return_a_new_one(place):
    follower, app = returned(place)
    enter(place, "refreshed", 3, date(2013, 9, 2))
    follower.follow()
    assert roles(app, place) == {"canary": 3, "previous": 1}
    fail(app, place)
    follower.follow()
    follower.follow()
    assert roles(app, place) == {"previous": 1}
    assert place.book.ledger.champion(MODEL) == 3


def test_while_the_book_does_not_answer_a_canary_goes_on_returns_and_is_reported_later(place, monkeypatch):
    enter(place, "promoted", 2)
    follower, app = start(place)

    def no_answer(_):
        raise OperationalError("select", {}, Exception("no answer"))

    with monkeypatch.context() as broken:
        broken.setattr(place.book.ledger, "numbers", no_answer)
        broken.setattr(place.book.incidents, "change", no_answer)
        broken.setattr(canaries, "CANARY_TIME", timedelta(0))
        follower.follow()
        assert set(roles(app, place)) == {"canary", "previous"}
        fail(app, place)
        follower.follow()
        follower.follow()
        assert roles(app, place) == {"previous": 1}
        assert follower.unreachable["book"] is not None
    follower.follow()
    assert len(place.book.incidents.unfinished()) == 1
    assert roles(app, place) == {"previous": 1}


def test_a_restart_without_a_usable_version_before_the_canary_serves_the_champion(place, monkeypatch):
    enter(place, "promoted", 2)
    find = place.registry.version

    def lose_a_feature(model, number):
        found = find(model, number)
        return found if number == 2 else found.model_copy(update={"features": (*found.features, "gone")})

    monkeypatch.setattr(place.registry, "version", lose_a_feature)
    _, app = start(place)
    assert roles(app, place) == {"champion": 2}
    assert shown(app)["behind_since"] is None
    assert place.book.incidents.unfinished() == []


def test_a_canary_that_cannot_be_loaded_leaves_all_requests_to_the_version_before(place, fitted):
    follower, app = start(place)
    (artifacts := fitted.home / "artifacts").rename(away := fitted.home / "away")
    enter(place, "promoted", 2)
    follower.follow()
    assert roles(app, place) == {"previous": 1}
    assert shown(app)["behind_since"] is not None
    assert shown(app)["canary"]["share"] == 0
    away.rename(artifacts)
    follower.models[MODEL].attempts.clear()
    follower.follow()
    assert roles(app, place) == {"canary": 2, "previous": 1}
    assert shown(app)["behind_since"] is None


def test_without_a_share_a_promoted_recipe_answers_all(place, catalog):
    follower, app = start(Installation(place.settings, catalog))
    enter(place, "promoted", 2)
    follower.follow()
    assert roles(app, place) == {"champion": 2}
