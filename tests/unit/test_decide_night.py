"""The decisions of a night: about the refresh, then about a rival that passed its sequential test."""

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
from contender.records import Evidence, Interval
from contender.specs import Guards
from tests.unit.judged import evaluation, measures, version

NIGHT = date(2013, 8, 31)
OURS, RIVAL = "r1", "r2"
USUAL = Standing(champion=1, since=date(2013, 6, 1), suspended=None)
SUSPENDED = USUAL.model_copy(update={"suspended": "ana rolled back"})

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


def decide(evaluations, evidence=(), standing=USUAL) -> list[tuple[str, int | None, int | None]]:
    decisions = decide_night(evaluations, evidence, standing, Guards())
    return [(d.kind, d.champion_before, d.champion_after) for d in decisions]


@pytest.mark.parametrize(
    ("evaluations", "weighed", "standing", "decided"),
    [
        ([refresh, rival], [evidence(3)], USUAL, [("refreshed", 1, 2)]),
        ([refresh, rival], [evidence(25)], USUAL, [("refreshed", 1, 2), ("promoted", 2, 3)]),
        ([broken_refresh, rival], [evidence(25)], USUAL, [("held", 1, 1), ("promoted", 1, 3)]),
        ([refresh, broken_rival], [evidence(25)], USUAL, [("refreshed", 1, 2), ("held", 2, 2)]),
        ([refresh], [evidence(25)], USUAL, [("refreshed", 1, 2)]),
        ([rival], [evidence(3)], USUAL, [("held", 1, 1)]),
        ([rival], [], USUAL, [("held", 1, 1)]),
        ([refresh, rival], [evidence(3)], SUSPENDED, [("held", 1, 1)]),
        ([refresh, rival], [evidence(25, rival=OURS)], SUSPENDED, [("promoted", 1, 2)]),
    ],
    ids=[
        "a rival that has not passed its test is not considered",
        "a rival that passed its test replaces the refresh",
        "a blocked refresh does not block the rival",
        "a rival that passed its test can be blocked by a guard",
        "a rival without a version tonight is not considered",
        "without the champion's recipe there is a decision about the rival",
        "without paired days there is a decision, too",
        "after a roll-back a refresh must pass a test",
        "after a roll-back a refresh that passed its test is promoted",
    ],
)
def test_the_decisions_of_a_night(evaluations, weighed, standing, decided):
    assert decide(evaluations, weighed, standing) == decided


@pytest.mark.parametrize(("mean", "kind"), [(0.001, "promoted"), (0.0, "held"), (-0.001, "held")])
def test_a_rival_whose_unclipped_mean_is_not_favourable_is_held(mean, kind):
    interval = Interval(low=mean - 0.002, high=mean + 0.002)
    found = evidence(25).model_copy(update={"rule": 2, "mean": mean, "mean_interval": interval})
    decision = decide_night([refresh, rival], [found], USUAL, Guards())[1]
    assert decision.kind == kind
    (reason,) = (r for r in decision.reasons if r.guard == "mean")
    assert f"95 % interval {interval.low:.6f} to {interval.high:.6f}" in reason.explanation


def test_a_decision_on_evidence_of_rule_1_has_no_reason_about_the_mean():
    decision = decide_night([refresh, rival], [evidence(25)], USUAL, Guards())[1]
    assert "mean" not in {reason.guard for reason in decision.reasons}


def test_the_share_of_false_passes_on_its_own_differences_is_shown():
    found = evidence(25).model_copy(update={"rule": 2, "false_share": 0.062})
    decision = decide_night([refresh, rival], [found], USUAL, Guards())[1]
    assert "the test passes in 6.2% of years" in decision.reasons[0].explanation


def test_evidence_against_refreshing_blocks_the_refresh():
    against = evidence(800, rival="still", question="still")
    (decision,) = decide_night([refresh], [against], USUAL, Guards())
    assert decision.kind == "held"
    assert [r.guard for r in decision.reasons if not r.passed] == ["still"]


def test_of_two_rivals_the_one_with_more_evidence_is_promoted():
    decisions = decide_night(
        [refresh, rival, of_another], [evidence(25), evidence(90, rival="r3")], USUAL, Guards()
    )
    assert decisions[1].challenger_recipe == "r3"


def test_the_first_recipe_is_promoted_first_if_it_beats_the_baseline():
    first = evaluation(champion=None, champion_measures=None, disagreement=None)
    (decision,) = decide_night([first, rival], [], None, Guards())
    assert (decision.kind, decision.challenger) == ("first", 2)


def test_a_decision_records_what_a_replay_needs():
    (decision,) = decide_night([refresh], [evidence(3)], USUAL, Guards())
    challenger = refresh.challenger
    assert decision.evidence == (evidence(3),)
    assert (decision.pins, decision.seed, decision.code_version, decision.environment) == (
        challenger.pins,
        challenger.seed,
        challenger.code_version,
        challenger.environment,
    )


def test_the_incumbent_is_the_recipe_if_it_is_refreshed_else_the_champion():
    champion = version(1)
    assert incumbent_stream(USUAL, champion, [version(2)]) == OURS
    assert incumbent_stream(USUAL, champion, [version(2, recipe=RIVAL)]) == "champion"
    assert incumbent_stream(SUSPENDED, champion, [version(2)]) == "champion"


def test_the_champion_of_four_weeks_ago_is_scored_in_shadow(catalog):
    model = catalog.model("flight_delay")
    then = still_since(model, USUAL, NIGHT)
    assert then == NIGHT - timedelta(days=model.race.still_days)
    assert shadow_streams(USUAL, [version(61), version(62, recipe=RIVAL)], kept_still=33) == {
        OURS: 61,
        RIVAL: 62,
        "champion": 1,
        "still": 33,
    }


@pytest.mark.parametrize(
    "standing",
    [None, SUSPENDED, USUAL.model_copy(update={"since": NIGHT})],
    ids=["before the first promotion", "while refreshes are suspended", "in the first weeks of a champion"],
)
def test_no_older_champion_is_scored_in_shadow(catalog, standing):
    assert still_since(catalog.model("flight_delay"), standing, NIGHT) is None


def test_before_the_first_promotion_only_tonights_versions_are_scored_in_shadow():
    assert shadow_streams(None, [version(1)], kept_still=None) == {OURS: 1}
