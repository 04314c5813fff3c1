"""Which decisions wait for approval, and how answers are applied."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from contender.promoting import Standing, apply_answers, decide_night, needs_approval, split_by_approval
from contender.records import Answer, Decision, Evidence
from contender.specs import Approval, Guards
from tests.unit.judged import evaluation, measures, version

AT = datetime(2013, 9, 1, 8, 15, tzinfo=UTC)
AS_EVER = Standing(champion=1, since=date(2013, 6, 1), suspended=None)
SUSPENDED = AS_EVER.model_copy(update={"suspended": "ana rolled back"})

refresh = evaluation()
rival = evaluation(id="e2", challenger=version(3, recipe="r2"))
broken_rival = rival.model_copy(update={"challenger_measures": measures(0.3)})
very_first = evaluation(champion=None, champion_measures=None, disagreement=None)

NOTHING, ALL = Approval(), Approval(refreshes=True, new_recipes=True, first=True)
REFRESHES, NEW_RECIPES = Approval(refreshes=True), Approval(new_recipes=True)


def won(recipe: str = "r2") -> Evidence:
    return Evidence(
        question="race", rival=recipe, value=25, bar=20, days=40, since=date(2013, 6, 1), enough=True
    )


def night(*evaluations, standing: Standing | None = AS_EVER, recipe: str = "r2") -> tuple[Decision, ...]:
    return decide_night(evaluations, [won(recipe)], standing, Guards())


def summarize(decisions) -> list[tuple[str, int | None, int | None]]:
    return [(d.kind, d.champion_before, d.champion_after) for d in decisions]


def answer(decision: Decision, *, approved: bool, by: str | None = "ana", why: str | None = None) -> Answer:
    return Answer(decision=decision.id, approved=approved, by=by, at=AT, why=why)


REFRESHED, PROMOTED = ("refreshed", 1, 2), ("promoted", 2, 3)


@pytest.mark.parametrize(
    ("approval", "evaluations", "at_once", "waiting"),
    [
        (NOTHING, [refresh, rival], [REFRESHED, PROMOTED], []),
        (NEW_RECIPES, [refresh, rival], [REFRESHED], [PROMOTED]),
        (ALL, [refresh, rival], [], [REFRESHED, PROMOTED]),
        (REFRESHES, [refresh], [], [REFRESHED]),
        (REFRESHES, [refresh, broken_rival], [("held", 1, 1)], [REFRESHED]),
        (REFRESHES, [refresh, rival], [("held", 1, 1), ("promoted", 1, 3)], []),
    ],
    ids=[
        "nothing waits if no approval is required",
        "a refresh is entered while a new recipe waits",
        "both wait, and the recipe would replace the refresh",
        "a refresh waits",
        "a held decision is entered while a refresh waits",
        "a refresh is held if a rival is promoted without approval",
    ],
)
def test_a_nights_decisions_are_split_into_entered_and_waiting(approval, evaluations, at_once, waiting):
    entered, waited = split_by_approval(night(*evaluations), approval)
    assert (summarize(entered), summarize(waited)) == (at_once, waiting)


def test_a_first_version_waits_if_the_spec_requires_it():
    (decision,) = night(very_first, standing=None)
    assert not needs_approval(decision, Approval(refreshes=True, new_recipes=True))
    assert needs_approval(decision, Approval(first=True))


def test_a_refresh_that_passed_a_sequential_test_needs_the_approval_of_refreshes():
    (decision,) = night(refresh, standing=SUSPENDED, recipe="r1")
    assert decision.kind == "promoted"
    assert needs_approval(decision, REFRESHES)
    assert not needs_approval(decision, NEW_RECIPES)


def test_an_approved_decision_is_entered_with_the_person_and_time():
    _, (waiting,) = split_by_approval(night(refresh), REFRESHES)
    (answered,) = apply_answers([waiting], [answer(waiting, approved=True, why="looks right")], REFRESHES, 1)
    assert summarize([answered]) == [REFRESHED]
    assert (answered.approved_by, answered.answered_at, answered.why) == ("ana", AT, "looks right")
    assert answered.reasons[-1].explanation == "approved by ana, 2013-09-01 08:15 UTC"


def test_a_refused_decision_is_held_with_the_person_and_time():
    _, (waiting,) = split_by_approval(night(refresh), REFRESHES)
    (answered,) = apply_answers([waiting], [answer(waiting, approved=False, why="holidays")], REFRESHES, 1)
    assert summarize([answered]) == [("held", 1, 1)]
    assert (answered.by, answered.approved_by, answered.why) == ("ana", None, "holidays")
    assert [r.explanation for r in answered.reasons if not r.passed] == [
        "refused by ana, 2013-09-01 08:15 UTC"
    ]


def test_without_an_answer_the_decision_is_rejected_by_default():
    _, (waiting,) = split_by_approval(night(refresh), REFRESHES)
    (answered,) = apply_answers([waiting], [answer(waiting, approved=False, by=None)], REFRESHES, 1)
    assert summarize([answered]) == [("held", 1, 1)]
    assert answered.by == "contender"
    assert [r.explanation for r in answered.reasons if not r.passed] == [
        "rejected by default: no answer within 12 hours"
    ]


def test_without_an_answer_a_strategy_for_a_break_is_approved_by_default():
    (decision,) = night(refresh)
    waiting = decision.model_copy(update={"kind": "recovered"})
    (answered,) = apply_answers([waiting], [answer(waiting, approved=True, by=None)], NEW_RECIPES, 1)
    assert summarize([answered]) == [("recovered", 1, 2)]
    assert (answered.approved_by, answered.answered_at) == (None, None)
    assert answered.reasons[-1].explanation == "approved by default: no answer within 12 hours"


def test_a_rival_can_be_approved_when_the_refresh_is_refused():
    _, (first, second) = split_by_approval(night(refresh, rival), ALL)
    answers = [answer(first, approved=False), answer(second, approved=True)]
    assert summarize(apply_answers([first, second], answers, ALL, 1)) == [("held", 1, 1), ("promoted", 1, 3)]


def test_an_approved_decision_keeps_the_champion_that_it_was_made_against():
    _, (waiting,) = split_by_approval(night(refresh), REFRESHES)
    (answered,) = apply_answers([waiting], [answer(waiting, approved=True)], REFRESHES, serving=7)
    assert answered.champion_before == 1


def test_a_refused_decision_keeps_the_current_champion():
    _, (waiting,) = split_by_approval(night(refresh), REFRESHES)
    (answered,) = apply_answers([waiting], [answer(waiting, approved=False)], REFRESHES, serving=7)
    assert summarize([answered]) == [("held", 7, 7)]


def test_a_second_answer_makes_another_entry():
    _, (waiting,) = split_by_approval(night(refresh), REFRESHES)
    late = answer(waiting, approved=True).model_copy(update={"at": AT.replace(hour=20)})
    ids = {apply_answers([waiting], [a], REFRESHES, 1)[0].id for a in (answer(waiting, approved=False), late)}
    assert len(ids) == 2


@pytest.mark.parametrize("hours", [0, 24])
def test_the_deadline_must_be_before_the_next_night(hours):
    with pytest.raises(ValidationError):
        Approval(refreshes=True, hours=hours)
