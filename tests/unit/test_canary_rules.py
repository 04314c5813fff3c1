"""Which versions answer after a recipe was promoted: entries of the ledger, chosen rows, and what returns a canary."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contender.records import Decision, Entry
from contender.serving.canaries import (
    CANARY_TIME,
    Canary,
    Change,
    Counts,
    Roles,
    _follow_change,
    digest_row,
    find_canary,
    is_chosen,
    judge_canary,
    plan_roles,
    read_change,
)
from contender.serving.deciding import Champion
from contender.serving.trial import Trial
from contender.serving.versions import LoadedVersion
from contender.settings import PROJECT
from contender.specs import ModelSpec, Serving
from tests.unit.judged import version

BEGAN = datetime(2013, 9, 2, 4, tzinfo=UTC)
NONE = Counts()
SHARES = st.floats(0.001, 0.95)
COUNTS = st.integers(0, 200)


def at(hours: float) -> datetime:
    return BEGAN + timedelta(hours=hours)


def changes(*steps: tuple[str, float, int], first: int = 1) -> list[Change]:
    """Changes from version `first` on, newest first: what each does, its hour, and the version after it."""
    found, before = [], first
    for number, (effect, hour, after) in enumerate(steps, 1):
        found.append(Change(number, at(hour), effect, before, after))  # type: ignore[arg-type]
        before = after
    return found[::-1]


def find(steps: list[tuple[str, float, int]], *returned: int) -> tuple[int, int, int, float] | None:
    """The canary's version, the one before it, its entry, and the hour since which it answers."""
    found = find_canary(changes(*steps), lambda entry: entry in returned)
    if found is None:
        return None
    return found.version, found.previous, found.entry, (found.since - BEGAN) / timedelta(hours=1)


def test_a_promoted_recipe_is_a_canary_against_the_version_before():
    assert find([]) is None
    assert find([("continues", 0, 2)]) is None
    assert find([("continues", 0, 2), ("begins", 24, 3)]) == (3, 2, 2, 24)


@pytest.mark.parametrize("effect", ["ends", "continues"])
def test_a_decision_of_a_person_and_a_refresh_of_the_next_night_serve_at_once(effect):
    assert find([("begins", 0, 2), (effect, 24.1, 3)]) is None


def test_a_decision_of_a_person_ends_a_canary():
    assert find([("begins", 0, 2), ("ends", 1, 1)]) is None
    assert find([("begins", 0, 2), ("ends", 1, 1)], 1) is None


def test_a_refresh_takes_the_place_of_the_canary_of_its_recipe_until_the_day_is_over():
    assert find([("begins", 0, 2), ("continues", 23, 3)]) == (3, 1, 2, 0)
    assert find([("begins", 0, 2), ("continues", 12, 3), ("continues", 23, 4)]) == (4, 1, 3, 0)
    assert find([("begins", 0, 2), ("continues", 12, 3), ("continues", 25, 4)]) is None


def test_a_refresh_after_a_return_is_a_canary_for_a_whole_day_against_the_same_version():
    assert find([("begins", 0, 2), ("continues", 48, 3)], 1) == (3, 1, 2, 48)
    assert find([("begins", 0, 2), ("continues", 48, 3), ("continues", 72, 4)], 1, 2) == (4, 1, 3, 72)
    assert find([("begins", 0, 2), ("continues", 48, 3), ("continues", 73, 4)], 1) is None


def test_another_recipe_ends_a_canary_and_begins_one_against_the_version_that_answers_the_rest():
    assert find([("begins", 0, 2), ("begins", 5, 3)]) == (3, 1, 2, 5)
    assert find([("begins", 0, 2), ("begins", 30, 3)]) == (3, 2, 2, 30)
    assert find([("begins", 0, 2), ("begins", 30, 3)], 1) == (3, 1, 2, 30)
    assert find([("begins", 0, 2), ("begins", 5, 1)]) is None
    assert find([("begins", 0, 2), ("begins", 1, 1), ("begins", 24, 3)]) == (3, 1, 3, 24)


def test_a_returned_canary_stays_known_however_old_it_is():
    assert find([("begins", 0, 2)], 1) == (2, 1, 1, 0)


STEPS = st.lists(
    st.tuples(st.sampled_from(["begins", "continues", "ends"]), st.floats(0.1, 40), st.integers(1, 9)),
    max_size=12,
)


@given(STEPS, st.sets(st.integers(1, 12)))
def test_only_the_newest_entries_are_read_and_they_decide_as_all_would(steps, returned):
    hour, placed = 0.0, []
    for effect, wait, after in steps:
        hour += wait
        placed.append((effect, hour, after))
    everything = changes(*placed)
    read = []

    def lazily():
        for change in everything:
            read.append(change)
            yield change

    found = find_canary(lazily(), lambda entry: entry in returned)
    expected = None
    for change in reversed(everything):
        ends = change.effect == "ends"
        expected = None if ends else _follow_change(expected, change, lambda entry: entry in returned)
    assert found == expected
    if found is not None:
        assert found.version == everything[0].after != found.previous
        assert found.entry == everything[0].entry
    if everything and everything[0].effect == "ends":
        assert len(read) == 1


def entry(kind: str, recipes: tuple[str, str], before: int | None = 1, after: int = 2) -> Entry:
    decision = Decision(
        id="d",
        model="m",
        night=date(2013, 9, 1),
        kind=kind,  # type: ignore[arg-type]
        evaluation=None,
        champion_before=before,
        champion_after=after,
        challenger=2,
        champion_recipe=recipes[0],
        challenger_recipe=recipes[1],
        reasons=(),
    )
    return Entry(number=5, previous="", entered=BEGAN, decision=decision, seal="")


@pytest.mark.parametrize(
    ("kind", "recipes", "effect"),
    [
        ("promoted", ("a", "b"), "begins"),
        ("promoted", ("a", "a"), "continues"),
        ("refreshed", ("a", "a"), "continues"),
        ("recovered", ("a", "b"), "ends"),
        ("returned", ("a", "b"), "ends"),
        ("rolled_back", ("a", "b"), "ends"),
        ("emergency", ("a", "b"), "ends"),
        ("first", ("a", "b"), "ends"),
    ],
)
def test_an_entry_begins_continues_or_ends_a_canary(kind, recipes, effect):
    assert read_change(entry(kind, recipes)) == Change(5, BEGAN, effect, 1, 2)


def test_an_entry_that_keeps_the_champion_changes_nothing():
    assert read_change(entry("held", ("a", "b"), before=1, after=1)) is None


CANARY = Canary(entry=5, version=2, previous=1, begun=5, since=BEGAN)


def test_the_version_before_answers_the_rest_and_after_a_return_everything():
    champion = Champion(entry=5, version=2)
    assert plan_roles(champion, None, returned=False) == Roles(2, "champion")
    assert plan_roles(champion, CANARY, returned=False) == Roles(1, "previous", 2)
    assert plan_roles(champion, CANARY, returned=True) == Roles(1, "previous")
    assert plan_roles(Champion(entry=5, version=None), None, returned=False) is None
    assert CANARY.until == BEGAN + CANARY_TIME


def test_the_digest_of_a_row_is_the_same_in_every_process_and_format():
    assert digest_row("m", CANARY, ["AA", 1545, 0.5, None]) == 5062662125762641268
    here, there = (
        datetime(2013, 9, 1, tzinfo=UTC),
        datetime(2013, 9, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    )
    assert digest_row("m", CANARY, [here]) == digest_row("m", CANARY, [there])
    assert digest_row("m", CANARY, [0.0]) == digest_row("m", CANARY, [-0.0])
    others = [("n", CANARY, ["a", "b"]), ("m", CANARY.model_copy(update={"begun": 4}), ["a", "b"])]
    others += [("m", CANARY, ["a,b"]), ("m", CANARY, ["b", "a"])]
    assert digest_row("m", CANARY, ["a", "b"]) not in {digest_row(*other) for other in others}


@given(st.lists(st.integers(), min_size=1), SHARES, SHARES)
def test_a_row_that_a_small_share_chooses_is_chosen_by_a_larger_one(values, one, other):
    digest = digest_row("m", CANARY, values)
    assert is_chosen(digest, max(one, other)) or not is_chosen(digest, min(one, other))


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3])
def test_about_that_share_of_the_rows_is_chosen(share):
    chosen = sum(is_chosen(digest_row("m", CANARY, [number]), share) for number in range(20_000))
    assert chosen / 20_000 == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(
    ("share", "failed", "returns"),
    [
        (0.05, Counts(0, 0), False),
        (0.05, Counts(0, 50), False),
        (0.05, Counts(1, 0), False),
        (0.05, Counts(2, 0), False),
        (0.05, Counts(3, 0), True),
        (0.05, Counts(3, 1), False),
        (0.05, Counts(4, 1), True),
        (0.05, Counts(5, 95), False),
        (0.05, Counts(20, 95), True),
        (0.01, Counts(2, 0), True),
        (0.5, Counts(12, 0), False),
        (0.5, Counts(13, 0), True),
        (0.5, Counts(50, 50), False),
    ],
)
def test_a_canary_returns_if_it_fails_more_often_than_its_share_explains(share, failed, returns):
    assert (judge_canary(failed, NONE, share) is not None) == returns
    assert (judge_canary(NONE, failed, share) is not None) == returns


def test_the_table_of_the_documentation_is_the_rule():
    table = re.findall(r"^\| (\d+) \| (\d+) \|$", (PROJECT / "docs" / "SERVING.md").read_text(), re.MULTILINE)
    assert table
    for previous, needed in table:
        returning = (n for n in range(100) if judge_canary(Counts(n, int(previous)), NONE, 0.05))
        assert next(returning) == int(needed)


def test_a_return_says_why():
    breach = judge_canary(Counts(3, 0), NONE, 0.05)
    assert breach is not None
    assert breach.reason == (
        "3 distinct rows failed with it and 0 with the version before it, although it answers a share of 0.05"
    )
    slow = judge_canary(NONE, Counts(9, 2), 0.05)
    assert slow is not None
    assert "9 distinct rows were slow with it" in slow.reason


@given(COUNTS, COUNTS, SHARES)
def test_without_a_failure_or_a_slow_row_of_its_own_a_canary_stays(failed, slow, share):
    assert judge_canary(Counts(0, failed), Counts(0, slow), share) is None


@given(COUNTS, COUNTS, st.integers(0, 50), SHARES)
def test_more_failures_never_reverse_a_return(canary, previous, more, share):
    assume(judge_canary(Counts(canary, previous), NONE, share) is not None)
    assert judge_canary(Counts(canary + more, previous), NONE, share) is not None
    assert judge_canary(Counts(canary, max(previous - more, 0)), NONE, share) is not None
    assert judge_canary(Counts(canary, previous), Counts(0, more), share) is not None


@given(st.data(), SHARES)
def test_a_canary_that_fails_as_often_as_its_share_stays(data, share):
    previous = data.draw(COUNTS)
    fair = int(previous * share / (1 - share))
    assert judge_canary(Counts(min(fair, 1000), previous), NONE, share) is None


def test_an_equal_canary_hardly_ever_returns_although_it_is_judged_after_each_failure():
    returned = 0
    for fails in (
        np.random.default_rng(7).random((200, 200)) < 0.05
    ):  # failures, and whether each is the canary's
        own = np.cumsum(fails)
        judged = [judge_canary(Counts(int(k), n - int(k)), NONE, 0.05) for n, k in enumerate(own, 1)]
        returned += any(judged)
    assert returned <= 1


@pytest.fixture
def trial(catalog) -> Trial:
    model: ModelSpec = catalog.model("flight_delay")
    return Trial(LoadedVersion(model, version(2), None, 5, BEGAN), CANARY, 0.05)  # type: ignore[arg-type]


def test_a_row_that_is_sent_again_and_again_counts_once(trial):
    for _ in range(100):
        trial.note_failure(7, canary=True)
    assert trial.breach is None
    for digest in (8, 9):
        trial.note_failure(digest, canary=True)
    assert trial.breach is not None
    assert not trial.takes(0)


def test_a_canary_is_slow_only_beside_the_version_before_it(trial):
    for number in range(100):
        trial.note_time(number, 10.0, canary=True)
    assert trial.breach is None
    for number in range(100, 200):
        trial.note_time(number, 1.0, canary=False)
    for number in range(50):
        trial.note_time(number, 2.0, canary=True)
    assert trial.breach is None
    for number in range(3):
        trial.note_time(number, 2.1, canary=True)
    assert trial.breach is not None
    assert trial.breach.of == "time"


@pytest.mark.parametrize(("factor", "returns"), [(1.0, False), (1.8, False), (4.0, True)])
def test_a_canary_may_be_up_to_twice_as_slow_however_many_requests_there_are(trial, factor, returns):
    times = np.random.default_rng(7).lognormal(0, 0.5, 20_000)
    for number, seconds in enumerate(times):
        digest = trial.digest([number])
        canary = trial.takes(digest)
        trial.note_time(digest, float(seconds * (factor if canary else 1.0)), canary=canary)
    assert (trial.breach is not None) == returns


def test_hiccups_of_the_machine_slow_both_versions_and_return_nothing(trial):
    for number in range(2000):
        digest = trial.digest([number])
        trial.note_time(digest, 5.0 if number % 50 < 2 else 1.0, canary=trial.takes(digest))
    assert trial.breach is None


@pytest.mark.parametrize("share", [0, 1, -0.1, 5, float("nan")])
def test_a_share_is_between_nought_and_one(share):
    with pytest.raises(ValueError, match=r"canary\n.*is not a share between 0 and 1: give one such as 0\.05"):
        Serving(canary=share)
