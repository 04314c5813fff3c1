"""Manual decisions: which version a roll-back serves, and whether refreshes may serve afterwards."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from contender.promoting import RollbackError, plan_emergency, plan_resumption, plan_rollback, standing_after
from contender.records import Decision, Entry

NIGHT = date(2013, 8, 31)


def ledger(*steps: tuple[str, int | None, int | None, str]) -> list[Entry]:
    """Entries of (kind, champion before, champion after, recipe), newest first."""
    entries = [
        Entry(
            number=number,
            previous="",
            entered=datetime(2013, 9, 1, tzinfo=UTC),
            seal=f"seal {number}",
            decision=Decision(
                id=str(number),
                model="flight_delay",
                night=NIGHT + timedelta(days=number),
                kind=kind,
                evaluation=None,
                champion_before=before,
                champion_after=after,
                challenger=after or 0,
                champion_recipe=None,
                challenger_recipe=recipe,
                reasons=(),
            ),
        )
        for number, (kind, before, after, recipe) in enumerate(steps, start=1)
    ]
    return entries[::-1]


REFRESHED_TWICE = ledger(
    ("first", None, 1, "a"), ("refreshed", 1, 2, "a"), ("held", 2, 2, "a"), ("refreshed", 2, 4, "a")
)


def after(entries: list[Entry], decision: Decision) -> list[Entry]:
    newest = entries[0]
    entry = newest.model_copy(
        update={"number": newest.number + 1, "seal": f"seal {newest.number + 1}", "decision": decision}
    )
    return [entry, *entries]


def test_a_roll_back_serves_the_previous_champion():
    decision = plan_rollback(REFRESHED_TWICE, "ana", "refunds went up")
    assert (decision.kind, decision.champion_before, decision.champion_after) == ("rolled_back", 4, 2)
    assert (decision.by, decision.why) == ("ana", "refunds went up")


def test_repeated_roll_backs_go_further_back():
    once = plan_rollback(REFRESHED_TWICE, "ana", "worse")
    twice = plan_rollback(after(REFRESHED_TWICE, once), "ana", "still worse")
    assert (twice.champion_before, twice.champion_after) == (2, 1)


def test_a_roll_back_can_name_an_earlier_champion():
    assert plan_rollback(REFRESHED_TWICE, "ana", "worse", to=1).champion_after == 1


@pytest.mark.parametrize(
    ("entries", "to", "message"),
    [
        (ledger(("first", None, 1, "a")), None, "version 1 is the first that served"),
        (REFRESHED_TWICE, 3, "version 3 never served: choose one of: 1, 2"),
        (REFRESHED_TWICE, 4, "version 4 is serving: choose one of: 1, 2"),
        ([], None, "no version is serving yet"),
        (ledger(("held", None, None, "a")), None, "no version is serving yet"),
    ],
)
def test_an_impossible_roll_back_is_rejected_with_the_reason(entries, to, message):
    with pytest.raises(RollbackError, match=message):
        plan_rollback(entries, "ana", "worse", to)


def test_two_identical_concurrent_decisions_have_the_same_id():
    ids = {plan_rollback(REFRESHED_TWICE, by, "worse").id for by in ("ana", "ben")}
    assert len(ids) == 1


def test_after_a_roll_back_refreshes_are_suspended():
    decision = plan_rollback(REFRESHED_TWICE, "ana", "refunds went up")
    assert "refunds went up" in str(standing_after(decision, 2).suspended)


def test_after_a_roll_back_to_another_recipe_its_refreshes_are_not_suspended():
    replaced = ledger(("first", None, 1, "a"), ("promoted", 1, 2, "b"))
    decision = plan_rollback(replaced, "ana", "worse")
    assert standing_after(decision, 1).suspended is None


def test_resuming_ends_the_suspension():
    suspended = after(REFRESHED_TWICE, plan_rollback(REFRESHED_TWICE, "ana", "worse"))
    decision = plan_resumption(suspended, "ben", "the labels were corrected")
    assert (decision.kind, decision.champion_before, decision.champion_after) == ("resumed", 2, 2)
    assert standing_after(decision, 2).suspended is None


def test_resuming_is_rejected_if_refreshes_are_not_suspended():
    with pytest.raises(RollbackError, match="nothing to resume"):
        plan_resumption(REFRESHED_TWICE, "ben", "why not")


def test_an_emergency_promotion_suspends_refreshes():
    decision = plan_emergency(REFRESHED_TWICE, 3, "b", "ana", "a pandemic")
    assert (decision.kind, decision.champion_after) == ("emergency", 3)
    assert standing_after(decision, 3).suspended is not None
