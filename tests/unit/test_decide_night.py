"""A night's decisions: the champion recipe's refresh first, and a rival only when it has won."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contender.promoting import (
    Standing,
    decide_night,
    incumbent_stream,
    shadow_streams,
    still_since,
)
from contender.records import Evidence
from contender.specs import Guards
from tests.unit.judged import evaluation, measures, version

NIGHT = date(2013, 8, 31)
OURS, RIVAL = "r1", "r2"
AS_EVER = Standing(champion=1, since=date(2013, 6, 1), suspended=None)
SUSPENDED = AS_EVER.model_copy(update={"suspended": "ana rolled back"})

refresh = evaluation()
rival = evaluation(id="e2", challenger=version(3, recipe=RIVAL))
broken_refresh = evaluation(challenger_measures=measures(0.3))
broken_rival = evaluation(id="e2", challenger=version(3, recipe=RIVAL), challenger_measures=measures(0.3))
of_another = evaluation(id="e2", challenger=version(3, recipe="r3"))


def evidence(value: float, *, rival: str = RIVAL, question: str = "race") -> Evidence:
    return Evidence(
        question=question,
        rival=rival,
        value=value,
        bar=20,
        days=40,
        since=date(2013, 6, 1),
        enough=value >= 20,
    )


def decide(evaluations, evidence=(), standing=AS_EVER) -> list[tuple[str, int | None, int | None]]:
    decisions = decide_night(evaluations, evidence, standing, Guards())
    return [(d.kind, d.champion_before, d.champion_after) for d in decisions]


@pytest.mark.parametrize(
    ("evaluations", "weighed", "standing", "decided"),
    [
        ([refresh, rival], [evidence(3)], AS_EVER, [("refreshed", 1, 2)]),
        ([refresh, rival], [evidence(25)], AS_EVER, [("refreshed", 1, 2), ("promoted", 2, 3)]),
        ([broken_refresh, rival], [evidence(25)], AS_EVER, [("held", 1, 1), ("promoted", 1, 3)]),
        ([refresh, broken_rival], [evidence(25)], AS_EVER, [("refreshed", 1, 2), ("held", 2, 2)]),
        ([refresh], [evidence(25)], AS_EVER, [("refreshed", 1, 2)]),
        ([rival], [evidence(3)], AS_EVER, [("held", 1, 1)]),
        ([rival], [], AS_EVER, [("held", 1, 1)]),
        ([refresh, rival], [evidence(3)], SUSPENDED, [("held", 1, 1)]),
        ([refresh, rival], [evidence(25, rival=OURS)], SUSPENDED, [("promoted", 1, 2)]),
    ],
    ids=[
        "a rival that has not won stays out",
        "a rival that has won serves after the refresh",
        "a refresh that is held back does not hold back the rival",
        "a rival that has won but is broken tonight stays out tonight",
        "a rival that crashed tonight stays out tonight",
        "without the champion's recipe the night still leaves a decision",
        "without any paired day, too",
        "after a roll-back the refresh is a rival that has not won",
        "after a roll-back the refresh serves once it has won",
    ],
)
def test_what_a_night_leads_to(evaluations, weighed, standing, decided):
    assert decide(evaluations, weighed, standing) == decided


def test_evidence_against_refreshing_holds_the_refresh_back():
    against = evidence(800, rival="still", question="still")
    (decision,) = decide_night([refresh], [against], AS_EVER, Guards())
    assert decision.kind == "held"
    assert [r.guard for r in decision.reasons if not r.holds] == ["still"]


def test_of_two_rivals_the_one_with_more_evidence_serves():
    decisions = decide_night(
        [refresh, rival, of_another], [evidence(25), evidence(90, rival="r3")], AS_EVER, Guards()
    )
    assert decisions[1].challenger_recipe == "r3"


def test_the_first_recipe_serves_first_if_it_beats_the_baseline():
    first = evaluation(champion=None, champion_measures=None, disagreement=None)
    (decision,) = decide_night([first, rival], [], None, Guards())
    assert (decision.kind, decision.challenger) == ("first", 2)


def test_a_decision_keeps_what_is_needed_to_replay_it():
    (decision,) = decide_night([refresh], [evidence(3)], AS_EVER, Guards())
    made_from = refresh.challenger
    assert decision.evidence == (evidence(3),)
    assert (decision.pins, decision.seed, decision.code_version, decision.environment) == (
        made_from.pins,
        made_from.seed,
        made_from.code_version,
        made_from.environment,
    )


def test_the_incumbent_is_the_recipe_while_it_is_refreshed_else_the_version_itself():
    champion = version(1)
    assert incumbent_stream(AS_EVER, champion, [version(2)]) == OURS
    assert incumbent_stream(AS_EVER, champion, [version(2, recipe=RIVAL)]) == "champion"
    assert incumbent_stream(SUSPENDED, champion, [version(2)]) == "champion"


def test_the_champion_of_four_weeks_ago_is_kept_still(catalog):
    model = catalog.model("flight_delay")
    then = still_since(model, AS_EVER, NIGHT)
    assert then == NIGHT - timedelta(days=model.race.still_days)
    assert shadow_streams(AS_EVER, [version(61), version(62, recipe=RIVAL)], kept_still=33) == {
        OURS: 61,
        RIVAL: 62,
        "champion": 1,
        "still": 33,
    }


@pytest.mark.parametrize(
    "standing",
    [None, SUSPENDED, AS_EVER.model_copy(update={"since": NIGHT})],
    ids=["before the first promotion", "while refreshes are suspended", "in the first weeks of a champion"],
)
def test_nothing_is_kept_still(catalog, standing):
    assert still_since(catalog.model("flight_delay"), standing, NIGHT) is None


def test_before_the_first_promotion_only_tonights_versions_are_scored():
    assert shadow_streams(None, [version(1)], kept_still=None) == {OURS: 1}
