"""The ledger on SQLite and Postgres: of many at once one wins, and what was entered cannot be changed unseen."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta

import pytest
import sqlalchemy

from contender.records import Decision, Reason, StaleDecision, open_book

NIGHT = date(2013, 8, 31)
PROCESSES = 4


@pytest.fixture
def book(records):
    return open_book(records)


def decision(version: int, before: int | None, *, name: str = "", night: int = 0) -> Decision:
    return Decision(
        id=f"{version}-{before}-{night}{name}",
        model="flight_delay",
        night=NIGHT + timedelta(days=night),
        kind="first" if before is None else "refreshed",
        evaluation="e1",
        champion_before=before,
        champion_after=version,
        challenger=version,
        reasons=(Reason(guard="harm", passed=True, observed=0.1 + 0.2, bound=0.5, explanation="fine – ≤"),),
    )


def wait_for_all(barrier) -> None:
    """Begin when every other process is ready to."""
    barrier.wait(timeout=60)


def enter_or_tell(records: str, name: str) -> str:
    """What another process does."""
    book = open_book(records)
    try:
        book.ledger.enter(decision(2, before=1, name=name))
    except StaleDecision as stale:
        return f"stale: {stale}"
    return "entered"


def at_once(records: str, names: list[str]) -> list[str]:
    spawn = multiprocessing.get_context("spawn")
    together = (spawn.Barrier(PROCESSES),)
    with ProcessPoolExecutor(PROCESSES, spawn, initializer=wait_for_all, initargs=together) as pool:
        return list(pool.map(enter_or_tell, [records] * PROCESSES, names))


def change(records: str, statement: str) -> None:
    engine = sqlalchemy.create_engine(records)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()


def three_nights(book):
    return [book.ledger.enter(decision(n + 1, before=n or None, night=n)) for n in range(3)]


def test_of_processes_that_decide_against_the_same_champion_one_wins(records, book):
    book.ledger.enter(decision(1, before=None))
    told = at_once(records, [f"-{n}" for n in range(PROCESSES)])
    assert told.count("entered") == 1
    assert all("the champion is version 2, not version 1" in word for word in told if word != "entered")
    assert len(book.ledger.newest("flight_delay")) == 2
    assert book.ledger.verify("flight_delay") == ()


def test_processes_that_enter_the_very_same_decision_enter_it_once(records, book):
    book.ledger.enter(decision(1, before=None))
    assert at_once(records, [""] * PROCESSES) == ["entered"] * PROCESSES
    assert len(book.ledger.newest("flight_delay")) == 2


def test_a_stale_decision_changes_nothing_and_says_what_to_do(book):
    entries = three_nights(book)
    with pytest.raises(StaleDecision, match=r"the champion is version 3, not version 1, .* judge again"):
        book.ledger.enter(decision(4, before=1))
    assert book.ledger.newest("flight_delay") == entries[::-1]


def test_a_decision_entered_again_is_the_entry_that_stands(book):
    entries = three_nights(book)
    assert book.ledger.enter(decision(2, before=1, night=1)) == entries[1]


def test_each_entry_is_sealed_with_the_one_before_it(book):
    first, second, third = three_nights(book)
    assert (first.previous, second.previous, third.previous) == ("", first.seal, second.seal)
    assert book.ledger.verify("flight_delay") == ()


def test_models_have_ledgers_of_their_own(book):
    three_nights(book)
    other = decision(1, before=None).model_copy(update={"id": "another", "model": "household_return"})
    assert book.ledger.enter(other).number == 1


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "update ledger set record = replace(cast(record as text), '\"refreshed\"', '\"held\"') where number = 2",
            "entry 2 of night 2013-09-01 was changed after it was entered",
        ),
        ("update ledger set state = 'held' where number = 2", "entry 2: the columns beside the record"),
        ("delete from ledger where number = 2", "entries 2 to 2 are gone"),
        ("delete from ledger where number = 1", "begins with entry 2: those before it are gone"),
    ],
)
def test_what_was_done_to_the_ledger_by_hand_is_told(records, book, statement, told):
    three_nights(book)
    if records.startswith("postgresql"):
        statement = statement.replace("'\"held\"')", "'\"held\"')::json")
    change(records, statement)
    (word,) = book.ledger.verify("flight_delay")
    assert told in word
