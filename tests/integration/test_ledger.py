"""The ledger on SQLite and Postgres: of concurrent decisions one is entered, and changed entries are detected."""

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
    """Start when all processes are ready."""
    barrier.wait(timeout=60)


def enter_or_report(records: str, name: str) -> str:
    """Enter a decision in another process."""
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
        return list(pool.map(enter_or_report, [records] * PROCESSES, names))


def change(records: str, statement: str) -> None:
    engine = sqlalchemy.create_engine(records)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()


def three_nights(book):
    return [book.ledger.enter(decision(n + 1, before=n or None, night=n)) for n in range(3)]


def test_of_concurrent_decisions_against_the_same_champion_one_is_entered(records, book):
    book.ledger.enter(decision(1, before=None))
    outcomes = at_once(records, [f"-{n}" for n in range(PROCESSES)])
    assert outcomes.count("entered") == 1
    stale = [outcome for outcome in outcomes if outcome != "entered"]
    assert all("the champion is version 2, but the decision of night 2013-08-31" in one for one in stale)
    assert all("was made against version 1" in one for one in stale)
    assert len(book.ledger.newest("flight_delay")) == 2
    assert book.ledger.verify("flight_delay") == ()


def test_the_same_decision_of_concurrent_processes_is_entered_once(records, book):
    book.ledger.enter(decision(1, before=None))
    assert at_once(records, [""] * PROCESSES) == ["entered"] * PROCESSES
    assert len(book.ledger.newest("flight_delay")) == 2


def overtake(book, records: str, theirs: Decision) -> None:
    """Let another process enter a decision between the book's next look at the ledger and its entry."""
    waiting = [theirs]

    def enter_theirs(_connection, _cursor, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO ledger") and waiting:
            open_book(records).ledger.enter(waiting.pop())

    sqlalchemy.event.listen(book.ledger._engine, "before_cursor_execute", enter_theirs)


def test_a_decision_that_is_overtaken_at_the_last_moment_is_stale_and_not_entered(records, book):
    book.ledger.enter(decision(1, before=None))
    overtake(book, records, decision(2, before=1, name=" theirs"))
    with pytest.raises(StaleDecision, match=r"the champion is version 2, but .* was made against version 1"):
        book.ledger.enter(decision(3, before=1, name=" ours"))
    assert [entry.decision.id for entry in book.ledger.newest("flight_delay")] == ["2-1-0 theirs", "1-None-0"]


def test_a_decision_that_another_process_enters_at_the_last_moment_has_one_entry(records, book):
    book.ledger.enter(decision(1, before=None))
    overtake(book, records, decision(2, before=1))
    assert book.ledger.enter(decision(2, before=1)).number == 2
    assert len(book.ledger.newest("flight_delay")) == 2


def test_a_stale_decision_is_not_entered_and_says_what_to_do(book):
    entries = three_nights(book)
    message = r"the champion is version 3, but .* was made against version 1\. .* evaluate the night again"
    with pytest.raises(StaleDecision, match=message):
        book.ledger.enter(decision(4, before=1))
    assert book.ledger.newest("flight_delay") == entries[::-1]


def test_entering_a_decision_again_returns_its_entry(book):
    entries = three_nights(book)
    assert book.ledger.enter(decision(2, before=1, night=1)) == entries[1]


def test_each_entry_is_sealed_with_the_previous_one(book):
    first, second, third = three_nights(book)
    assert (first.previous, second.previous, third.previous) == ("", first.seal, second.seal)
    assert book.ledger.verify("flight_delay") == ()


def test_each_model_has_its_own_ledger(book):
    three_nights(book)
    other = decision(1, before=None).model_copy(update={"id": "another", "model": "household_return"})
    assert book.ledger.enter(other).number == 1


@pytest.mark.parametrize(
    ("statement", "defect"),
    [
        (
            "update ledger set record = replace(cast(record as text), '\"refreshed\"', '\"held\"') where number = 2",
            "entry 2 of night 2013-09-01 was changed after it was entered",
        ),
        ("update ledger set state = 'held' where number = 2", "entry 2: its columns differ from its record"),
        ("delete from ledger where number = 2", "entries 2 to 2 are missing"),
        ("delete from ledger where number = 1", "begins with entry 2: the entries before it are missing"),
    ],
)
def test_manual_changes_of_the_ledger_are_detected(records, book, statement, defect):
    three_nights(book)
    if records.startswith("postgresql"):
        statement = statement.replace("'\"held\"')", "'\"held\"')::json")
    change(records, statement)
    (found,) = book.ledger.verify("flight_delay")
    assert defect in found
