"""Tasks that can only be done by a person's correction fail without a retry and name it; others are skipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.sdk.execution_time.context import set_current_context
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

import promotion
import wiring
from contender.installation import Installation
from contender.records import Answer, Decision
from contender.settings import PROJECT, settings
from contender.specs import Days, load_module
from tests.integration.made_up import NIGHT, make_flights, publish_history
from tests.unit.judged import version

MODEL = "flight_delay"


@pytest.fixture
def place(installation, monkeypatch) -> Iterator[Installation]:
    """The installation that tasks open, too."""
    monkeypatch.setenv("CONTENDER_HOME", str(installation.settings.home))
    settings.cache_clear()
    yield installation
    settings.cache_clear()


def decision(number: int, before: int | None) -> Decision:
    """A decision of a night that promotes a version."""
    return Decision(
        id=f"{number} after {before}",
        model=MODEL,
        night=date(2013, 9, number),
        kind="first" if before is None else "refreshed",
        evaluation=None,
        champion_before=before,
        champion_after=number,
        challenger=number,
        reasons=(),
    )


def enter_first(place: Installation) -> None:
    """Register two versions and promote the first."""
    pipeline = make_pipeline(DummyClassifier()).fit([[0], [1]], [0, 1])
    for number in (1, 2):
        place.registry.register(
            version(number), str(number), pipeline, pipeline, parameters={}, requirements=[]
        )
    promotion.promote.function(MODEL, [decision(1, None).model_dump(mode="json")])
    assert place.registry.champion(MODEL).version == 1


def test_a_decision_against_an_earlier_champion_is_not_entered_and_what_to_clear_is_named(place):
    enter_first(place)
    stale = [decision(2, None).model_dump(mode="json")]
    with pytest.raises(AirflowFailException, match=rf"the champion is version 1.*: {promotion.CLEAR}"):
        promotion.promote.function(MODEL, stale)
    assert place.book.ledger.champion(MODEL) == place.registry.champion(MODEL).version == 1


def test_an_approval_of_a_decision_against_an_earlier_champion_changes_nothing(place):
    enter_first(place)
    stale = decision(2, 7)
    answer = Answer(decision=stale.id, approved=True, by="ana", at=datetime.now(UTC))
    with pytest.raises(
        AirflowFailException, match=rf"approved by ana, but not carried out: .*version 1.*: {promotion.CLEAR}"
    ):
        promotion.promote_answered.function(
            MODEL, [stale.model_dump(mode="json")], [answer.model_dump(mode="json")]
        )
    assert place.book.ledger.champion(MODEL) == place.registry.champion(MODEL).version == 1


def in_run(**form: str) -> set_current_context:
    """The context of a task of a run by hand."""
    return set_current_context({"dag_run": SimpleNamespace(partition_key=None), "params": form})


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"day": "2013-9-1"}, "'2013-9-1' is not a day"),
        ({"first": "2013-09-02", "last": "2013-09-01"}, "ends (2013-09-01) before it begins"),
        ({}, "this run has no day: fill in `day`"),
    ],
)
def test_a_form_without_valid_days_fails_the_task_without_a_retry(form, said):
    with in_run(**form), pytest.raises(AirflowFailException, match=re.escape(said)):
        wiring.run_days()


def test_a_range_where_a_night_is_needed_fails_the_task_without_a_retry():
    with in_run(first="2013-09-01", last="2013-09-02"), pytest.raises(AirflowFailException, match="single n"):
        wiring.run_night()


def test_a_strategy_with_too_few_rows_does_not_compete_and_its_task_is_skipped(place):
    model = place.catalog.model(MODEL)
    rows = make_flights(model, Days(first=NIGHT - timedelta(days=9), last=NIGHT), a_day=5)
    publish_history(place.settings, model, rows)
    retrain = load_module(PROJECT / "dags" / "retrain.py")
    with (
        in_run(day=str(NIGHT)),
        pytest.raises(AirflowSkipException, match="'newest_week' has 35 training rows"),
    ):
        retrain.train.function(MODEL, "newest_week")
