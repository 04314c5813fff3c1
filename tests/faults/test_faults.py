"""No invariant is broken in a thousand faulty nights. Replay one with `python -m tests.faults --seed SEED`."""

from __future__ import annotations

import pytest

from tests.faults.campaign import choose_quick_seeds, new_world, run_seeds
from tests.faults.injection import Fault, Site
from tests.faults.invariants import INVARIANTS, Night, find_broken
from tests.faults.schedules import make_plan
from tests.faults.store_calls import STORE_CALLS

NIGHTS = 1000
# These calls are only made after a correction of training rows, and from the second night with a champion on.
NOT_IN_A_SINGLE_NIGHT = {"book: Caveats.add", "book: PairedDays.add"}


@pytest.fixture(scope="module")
def small_world():
    with new_world() as prepared:
        yield prepared


@pytest.fixture
def undisturbed(small_world):
    story = small_world.stories["nightly"]
    return Night(story.saved[0].state, story.final, story.final)


def test_no_invariant_is_broken_in_a_thousand_faulty_nights(small_world):
    plan = make_plan(small_world)
    tally = run_seeds(small_world, plan, choose_quick_seeds(plan, NIGHTS))
    assert tally.broken == ()
    assert sum(tally.nights.values()) == NIGHTS


def test_an_undisturbed_night_breaks_no_invariant(undisturbed):
    assert find_broken(undisturbed) == []


def test_every_store_call_is_made_in_a_night(small_world):
    made = {site.call for story in small_world.stories.values() for site in story.sites}
    assert {call.name for call in STORE_CALLS} - made == NOT_IN_A_SINGLE_NIGHT


def test_a_seed_stands_for_the_same_night_in_another_plan(small_world):
    one, other = make_plan(small_world), make_plan(small_world)
    last = len(one.singles) + len(one.pairs) + 100
    assert [one.schedule(seed) for seed in range(0, last, 97)] == [
        other.schedule(seed) for seed in range(0, last, 97)
    ]


def test_an_outage_stops_the_night_with_an_incident(small_world):
    story = small_world.stories["nightly"]
    site = next(site for site in story.sites if site.call.endswith("commit_table"))
    result = small_world.run(story, [Fault("outage", site)])
    assert (result.outcome, result.broken) == ("stopped", ())


def test_a_handler_that_goes_on_after_the_end_of_its_process_is_found(small_world, monkeypatch):
    story = small_world.stories["nightly"]
    task = next(task for task in story.tasks if task.title == "ingest.publish")

    def swallow(attempt):
        try:
            return task.run(attempt)
        except BaseException:
            return None

    deaf = story._replace(
        tasks=tuple(one._replace(run=swallow) if one == task else one for one in story.tasks)
    )
    site = Site("ingest.publish", "book: Publications.add", 1, "before")
    (broken, *_) = small_world.run(deaf, [Fault("crash", site)]).broken
    assert "went on after its process had died" in broken


def without_day(tables, table):
    days = dict(tables[table])
    days.popitem()
    return {**tables, table: days}


def doubled(tables, table):
    (day, files), *_ = tables[table].items()
    return {**tables, table: {**tables[table], day: (*files, "another")}}


BREAKING = {
    "no_row_is_lost_or_doubled": lambda s: s._replace(tables=doubled(s.tables, "datasets.sales")),
    "nothing_is_half_published": lambda s: s._replace(tables=doubled(s.tables, "labels.good_day")),
    "publications_are_confirmed_if_they_are_complete": lambda s: s._replace(
        book={**s.book, "publications": [{**s.book["publications"][0], "state": "intended"}]}
    ),
    "ledger_alias_and_registry_agree": lambda s: s._replace(alias=1),
    "one_decision_is_entered_for_a_version": lambda s: s._replace(
        book={**s.book, "ledger": s.book["ledger"] * 2}
    ),
    "nothing_is_announced_that_is_not_there": lambda s: s._replace(
        tables=without_day(s.tables, "datasets.sales")
    ),
    "a_night_ends_right_or_stops_with_one_incident": lambda s: s._replace(
        book={**s.book, "incidents": [{"state": "open"}]}
    ),
    "every_mail_arrives": lambda s: s._replace(mails=frozenset({"a mail"})),
}


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.__name__)
def test_each_invariant_notices_what_breaks_it(undisturbed, invariant):
    broken = undisturbed._replace(after=BREAKING[invariant.__name__](undisturbed.after))
    assert list(invariant(broken)) != []
