"""Queries of the book find records regardless of the number of newer ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from contender.evaluating.remember import usual_change, with_usual_change
from contender.records import Decision, GateResult, Pin, PinnedBy, Publication
from contender.specs import Days
from tests.unit.judged import evaluation, version

MODEL, TABLE = "flight_delay", "datasets.departures"
NIGHT = date(2013, 8, 31)
NOW = datetime(2013, 9, 1, tzinfo=UTC)
DAY = Days.one("2013-08-01")


def later(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def judged(number: int, champion: int | None = None, *, night: date = NIGHT, recipe: str = "r1", **changes):
    """An evaluation of a version against a champion of its recipe."""
    trained = version(number, last=night - timedelta(days=7), recipe=recipe)
    fields = {
        "id": f"e{number}-{night}",
        "night": night,
        "challenger": trained.model_copy(update={"night": night}),
        "champion": None
        if champion is None
        else version(champion, last=night - timedelta(days=8), recipe=recipe),
        "at": datetime.combine(night, datetime.min.time(), UTC),
    }
    return evaluation(**(fields | changes))


def decided(number: int, *, night: date = NIGHT, kind: str = "refreshed", **changes) -> Decision:
    fields = {
        "id": f"d{number}",
        "model": MODEL,
        "night": night,
        "kind": kind,
        "evaluation": f"e{number}-{night}",
        "champion_before": number - 1 or None,
        "champion_after": number,
        "challenger": number,
        "reasons": (),
    }
    return Decision(**(fields | changes))


def gate(name: str, verdict: str, at: datetime, days: Days = DAY) -> GateResult:
    return GateResult(
        id=name,
        table=TABLE,
        owner="a@b.example",
        days=days,
        run="r",
        verdict=verdict,
        rows=1,
        fingerprint="f",
        expectations=(),
        at=at,
    )


def test_a_release_is_found_among_many_newer_page_views(book):
    released = book.acts.record("released", TABLE, "batch", "ann", "it is true", at=NOW)
    for n in range(150):
        book.acts.record("read", TABLE, "gate", "ben", "opened the page", at=later(n))
    assert book.acts.settlement_of(TABLE, "batch") == released
    assert book.acts.settlement_of(TABLE, "another") is None
    assert book.acts.released() == [released]


def test_a_repeated_act_is_recorded_again(book):
    first, second = (book.acts.record("granted", "access.yaml", "admin", "ann", "again") for _ in range(2))
    assert book.acts.newest() == [second, first]


def test_a_begun_act_is_found_until_it_is_done(book):
    assert book.acts.begun("erased", "lake", "digest") is None
    begun = book.acts.record("erased", "lake", "digest", "ann", "asked", {"state": "begun"}, NOW)
    assert book.acts.begun("erased", "lake", "digest") == begun
    assert book.acts.begun("erased", "lake", "other") is None
    book.acts.record("erased", "lake", "digest", "ann", "asked", {"state": "done"}, later(1))
    assert book.acts.begun("erased", "lake", "digest") is None


def test_corrections_are_acts_that_changed_published_data_after_a_time(book):
    kinds = ("backfilled", "released", "discarded", "erased", "migrated", "granted", "read")
    acts = {
        kind: book.acts.record(kind, TABLE, "2013-08-01", "ann", "so", at=later(n))
        for n, kind in enumerate(kinds)
    }
    found = book.acts.corrections_since(acts["backfilled"].at)
    assert found == [acts["released"], acts["erased"]]


def test_a_passed_batch_counts_only_for_exactly_its_days(book):
    book.gates.add(gate("before", "pass", NOW))
    book.gates.add(gate("failed", "fail", later(2)))
    book.gates.add(gate("another day", "pass", later(2), Days.one("2013-08-02")))
    assert not book.gates.passed_since(TABLE, DAY, later(1))
    book.gates.add(gate("warned", "warn", later(3)))
    assert book.gates.passed_since(TABLE, DAY, later(1))
    assert book.gates.newest_of(TABLE).id == "warned"


def test_the_newest_evaluation_of_a_version_is_found_by_the_version(book):
    book.evaluations.add(judged(1))
    again = book.evaluations.add(judged(1, night=NIGHT + timedelta(days=1)))
    book.evaluations.add(judged(2, champion=1))
    assert book.evaluations.of_version(MODEL, 1) == again
    assert book.evaluations.of_version(MODEL, 3) is None
    assert book.evaluations.versions(MODEL) == [1, 2]


def test_the_evaluation_of_a_decision_is_found_by_night_and_version(book):
    for number in (1, 2):
        book.evaluations.add(judged(number, champion=number - 1 or None))
    book.ledger.enter(decided(1, kind="first"))
    assert book.evaluations.decided_on(MODEL, NIGHT, 1).id == f"e1-{NIGHT}"
    assert book.evaluations.decided_on(MODEL, NIGHT, 2) is None
    assert book.evaluations.decided_on(MODEL, NIGHT + timedelta(days=1), 1) is None


def test_a_version_that_was_evaluated_repeatedly_is_listed_once(book):
    for ago in range(3):
        book.evaluations.add(judged(10 - ago, champion=1, night=NIGHT - timedelta(days=ago)))
    trained = book.evaluations.trained_versions()
    assert sorted(one.version for one in trained) == [1, 8, 9, 10]
    newest = Days.one(NIGHT - timedelta(days=7))
    assert [one.version for one in book.evaluations.versions_fitted_on(MODEL, newest)] == [10]
    assert book.evaluations.trained_versions(["household_return"]) == []


def test_the_pins_of_a_version_are_stored_once(book):
    pinned = version(5).model_copy(update={"pins": (Pin(table=TABLE, snapshot=2**60),)})
    for ago in range(2):
        book.evaluations.add(judged(5, night=NIGHT - timedelta(days=ago), challenger=pinned))
    found = PinnedBy(table=TABLE, snapshot=2**60, model=MODEL, version=5, night=pinned.night)
    assert book.evaluations.pinned_snapshots() == [found]
    assert book.evaluations.pinned_snapshots(TABLE) == [found]
    assert book.evaluations.pinned_snapshots("datasets.weather") == []


def past_refreshes():
    """A hundred nights of two recipes; some refreshes are held, some nights evaluated twice, some not comparable."""
    serving = 1
    for n in range(1, 101):
        night, number = NIGHT - timedelta(days=101 - n), 2 * n
        held = n % 9 == 0
        shift = None if n % 13 == 0 else n / 1000
        yield judged(number, serving, night=night, disagreement=n / 100, shift=shift)
        if n % 7 == 0:
            yield judged(
                number,
                serving,
                night=night,
                id=f"again {n}",
                disagreement=n / 50,
                at=datetime.combine(night, datetime.min.time(), UTC) + timedelta(hours=1),
            )
        yield judged(number + 1, None, night=night, recipe="r2")
        serving = serving if held else number


def test_the_book_and_a_backtest_select_the_same_refreshes(book):
    past = list(past_refreshes())
    for one in past:
        book.evaluations.add(one)
    tonight = judged(500, past[-2].challenger.version)
    found = book.evaluations.refreshes_before(tonight.challenger, tonight.champion, 28)
    assert len(found) == 28
    usual = usual_change(found, tonight.challenger, tonight.champion)
    assert usual == with_usual_change(tonight, past).usual


def test_the_newest_day_of_a_table_is_that_of_its_confirmed_publications(book):
    published = {
        "datasets.sales": ("2013-08-01..2013-08-31", "2013-09-02", "2013-08-15"),
        "datasets.loaded": ("2013-08-20", "2013-01-01..2013-08-31"),
    }
    for table, days in published.items():
        for number, key in enumerate(days):
            publish(book, table, key, number)
    publish(book, "datasets.sales", "2013-09-03", 3, confirmed=False)
    publish(book, "datasets.killed", "2013-09-03", 4, confirmed=False)
    assert book.publications.newest_days() == {
        "datasets.sales": date(2013, 9, 2),
        "datasets.loaded": date(2013, 8, 31),
    }


def publish(book, table: str, key: str, number: int, *, confirmed: bool = True) -> None:
    made = Publication(
        id=f"{table} {number}",
        table=table,
        days=Days.read(key),
        run="r",
        rows=1,
        fingerprint="f",
        at=later(number),
    )
    book.publications.intend(made)
    if confirmed:
        book.publications.confirm(made.id)


@pytest.fixture
def ledger(book):
    """A ledger of sixty nights: the first version, refreshes, and one roll-back in the tenth."""
    for n in range(1, 61):
        night = NIGHT + timedelta(days=n)
        kind = "first" if n == 1 else "rolled_back" if n == 10 else "refreshed"
        who = {"by": "ann", "why": "worse"} if n == 10 else {}
        book.ledger.enter(decided(n, night=night, kind=kind, **who))
    return book.ledger


def test_an_entry_is_found_by_number_id_and_prefix_of_its_id(ledger):
    assert ledger.entry(MODEL, 7).decision.id == "d7"
    assert ledger.entry(MODEL, 61) is None
    assert ledger.decision("d7").challenger == 7
    assert ledger.decision("d") is None
    assert [entry.number for entry in ledger.starting_with("d2")] == [*range(29, 19, -1), 2]
    assert ledger.starting_with("D2") == ledger.starting_with("%2") == []


def test_the_last_entry_of_a_kind_is_found_behind_many_newer_ones(ledger):
    assert ledger.last_of(MODEL, ["first", "rolled_back"]).number == 10
    assert ledger.last_of(MODEL, ["first", "rolled_back"], before=10).number == 1
    assert ledger.last_of(MODEL, ["promoted"]) is None


def test_the_version_that_served_on_a_night_follows_from_the_last_decision_until_then(ledger):
    assert ledger.served_on(MODEL, NIGHT + timedelta(days=20)) == 20
    assert ledger.served_on(MODEL, NIGHT + timedelta(days=100)) == 60
    assert ledger.served_on(MODEL, NIGHT) is None
    assert [entry.number for entry in ledger.of_night(MODEL, NIGHT + timedelta(days=3))] == [3]


def test_the_history_has_all_entries_newest_first(ledger):
    assert [entry.number for entry in ledger.history(MODEL)] == [*range(60, 0, -1)]
    assert (ledger.models(), ledger.count()) == ([MODEL], 60)
    assert ledger.history("household_return") == []


def test_decisions_of_people_are_found_by_person(ledger):
    assert [entry.number for entry in ledger.by_people()] == [10]
    assert [entry.number for entry in ledger.by_people(MODEL, "ann")] == [10]
    assert ledger.by_people(person="ben") == ledger.by_people("household_return") == []
    assert ledger.verify(MODEL) == ()
