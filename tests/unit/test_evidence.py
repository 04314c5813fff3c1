"""Evidence is computed by the rule of the standing, from the rivals that ever entered, crashes included."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from contender.evaluating import Streams, find_absent
from contender.measures.kinds import farthest
from contender.promoting import compute_evidence, earlier_tests, standing_after
from contender.promoting.evidence import threshold
from contender.records import Decision, Evidence, PairedDay, Standing

NIGHT = date(2013, 6, 1)
FIRST = NIGHT + timedelta(days=1)
STANDING = Standing(champion=1, since=NIGHT, suspended=None, rule=2)


@pytest.fixture
def model(catalog):
    return catalog.model("flight_delay")


def pairs_of(rival: str, first: int, last: int, gain: float = 0.01, incumbent: str = "a") -> list[PairedDay]:
    return [
        PairedDay(
            id=f"{rival}-{day}",
            model="flight_delay",
            question="race",
            day=FIRST + timedelta(days=day),
            incumbent=incumbent,
            rival=rival,
            incumbent_version=1,
            rival_version=2,
            incumbent_loss=0.2 + gain,
            rival_loss=0.2,
            rows=500,
        )
        for day in range(first, last)
    ]


def decided(kind: str, days: int, before: str | None, after: str) -> Decision:
    return Decision(
        id=f"{kind}-{days}",
        model="flight_delay",
        night=NIGHT + timedelta(days=days),
        kind=kind,
        evaluation=None,
        champion_before=1,
        champion_after=2,
        challenger=2,
        champion_recipe=before,
        challenger_recipe=after,
        reasons=(),
        by="ana",
        why="refunds went up",
    )


def test_the_threshold_of_a_rival_counts_those_that_were_withdrawn_before_it(model):
    pairs = pairs_of("withdrawn", 0, 20) + pairs_of("b", 20, 40)
    found = {e.rival: e for e in compute_evidence(model, STANDING, "a", pairs)}
    assert (found["b"].place, found["b"].bar) == (2, threshold(model.race.alpha, 2, 1))


def test_a_rival_of_an_earlier_test_of_the_same_recipe_counts_too(model):
    standing = STANDING.model_copy(update={"since": NIGHT + timedelta(days=30), "earlier": (NIGHT,)})
    pairs = pairs_of("b", 0, 30, incumbent="champion") + pairs_of("b", 30, 60)
    (found,) = compute_evidence(model, standing, "a", pairs)
    assert (found.place, found.days) == (2, 30)


def test_the_recipe_of_the_champion_is_no_entry(model):
    odd_night = pairs_of("a", 0, 5, incumbent="champion")
    (found,) = compute_evidence(model, STANDING, "a", [*odd_night, *pairs_of("b", 0, 30)])
    assert found.place == 1
    assert found.bar == pytest.approx(threshold(model.race.alpha, 1, 1))


def test_evidence_of_a_standing_without_a_rule_is_computed_by_bets_on_days(model):
    old = Standing.model_validate({"champion": 1, "since": str(NIGHT), "suspended": None})
    (found,) = compute_evidence(model, old, "a", pairs_of("b", 0, 30))
    assert (found.rule, found.bar, found.mean) == (1, 1 / model.race.alpha, None)
    assert found.enough


def test_evidence_that_was_recorded_without_a_rule_is_of_rule_1():
    old = {"question": "race", "rival": "b", "value": 2.0, "bar": 20.0, "days": 3, "since": "2013-06-01"}
    assert Evidence.model_validate({**old, "enough": False}).rule == 1


def test_a_standing_records_the_rule_and_the_earlier_tests_of_the_recipe():
    newest_first = [
        decided("resumed", 9, "b", "b"),
        decided("rolled_back", 6, "b", "b"),
        decided("promoted", 3, "a", "b"),
        decided("first", 0, None, "a"),
    ]
    earlier = earlier_tests(newest_first)
    assert earlier == (NIGHT + timedelta(days=3), NIGHT + timedelta(days=6))
    standing = standing_after(newest_first[0], 2, earlier)
    assert (standing.rule, standing.earlier) == (2, earlier)


def test_a_rival_is_absent_only_after_it_entered():
    streams = Streams(1, "a", {"b": FIRST, "c": FIRST + timedelta(days=5), "a": FIRST})
    day = FIRST + timedelta(days=3)
    assert find_absent(streams, day, {"a", "champion"}) == ("b",)
    assert find_absent(streams, FIRST, {"a"}) == ()
    assert find_absent(streams, day, {"a", "b"}) == ()


def test_a_crash_on_every_day_is_evidence_against_the_rival(model):
    crashed = [p.model_copy(update={"rival_version": None}) for p in pairs_of("b", 30, 60, gain=-0.05)]
    usual, failing = (
        compute_evidence(model, STANDING, "a", pairs_of("b", 0, 30) + more)[0] for more in ([], crashed)
    )
    assert failing.value < usual.value
    assert failing.mean < 0


def test_the_worst_prediction_is_the_farthest_outcome_of_the_day():
    assert farthest(np.array([0.0, 1.0, 1.0])).tolist() == [1.0, 0.0, 0.0]
    assert farthest(np.array([1.0, 10.0, 4.0])).tolist() == [10.0, 1.0, 10.0]
