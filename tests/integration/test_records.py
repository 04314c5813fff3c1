"""The book of record with a real database and real migrations."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from contender.records import Alert, BookError, GateResult, migrate, open_book
from contender.records.tables import Base
from contender.specs import Days
from tests.unit.test_alert_mail import result as gate


def alert(number: int) -> Alert:
    return Alert(
        id=f"a{number}", kind="task", about="x", to=("a@b.example",), subject=f"s{number}", text="t", html="h"
    )


def test_migrations_create_exactly_the_tables_of_the_code(records):
    with create_engine(records).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_migrating_again_changes_nothing(here):
    migrate(here.records)
    open_book(here.records).alerts.add(alert(1))
    migrate(here.records)
    assert len(open_book(here.records).alerts.newest()) == 1


def test_opening_a_missing_book_says_what_to_run_and_creates_nothing(here):
    with pytest.raises(BookError, match="does not exist yet: run `contender migrate`"):
        open_book(here.records)
    assert not here.home.exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "sqlite:////dev",
            "at sqlite:////dev cannot be opened: unable to open",
        ),
        ("postgresql+psycopg://ann:secret@127.0.0.1:1/base", r"ann:\*\*\*@.* cannot be opened: .*refused"),
        ("postgresql+psycopg://ann:secret@host:port/base", "CONTENDER_RECORDS is not a SQLAlchemy URL"),
        ("no url of ann:secret", "CONTENDER_RECORDS is not a SQLAlchemy URL"),
        (
            "mysql://ann:secret@host/base",
            "needs the Python package MySQLdb, which is not installed: install it",
        ),
    ],
)
def test_a_book_that_cannot_be_opened_is_named_without_its_password(url, said):
    with pytest.raises(BookError, match=said) as refused:
        open_book(url)
    assert "secret" not in str(refused.value)


def test_a_record_added_twice_is_stored_once(book):
    book.alerts.add(alert(1))
    book.alerts.add(alert(1))
    assert [kept.id for kept in book.alerts.newest()] == ["a1"]


def test_concurrent_writers_lose_no_record(here, book):
    with ThreadPoolExecutor(4) as writers:
        list(writers.map(lambda number: open_book(here.records).alerts.add(alert(number)), range(40)))
    assert len(book.alerts.newest()) == 40


def test_the_newest_records_are_listed_first(book):
    for number in range(3):
        book.alerts.add(alert(number))
    assert [kept.id for kept in book.alerts.newest(limit=2)] == ["a2", "a1"]


def test_the_newest_record_of_a_subject_is_the_one_added_last_although_the_clock_was_set_back(records):
    gates, now = open_book(records).gates, datetime.now(UTC)
    failed = gate(verdict="fail", at=now + timedelta(hours=1))
    gates.add(failed)
    for number in range(2):
        gates.add(gate(id=f"passed {number}", verdict="pass", at=now))
    newest = gates.newest_for(failed.table, failed.days)
    assert newest.id == "passed 1"
    assert newest.at > failed.at
    assert gates.passed_since(failed.table, failed.days, failed.at), "the failed batch is superseded"


def test_a_record_of_the_past_keeps_its_time(records):
    gates, now = open_book(records).gates, datetime.now(UTC)
    gates.add(gate(id="newer", at=now))
    old = gate(id="older", at=now - timedelta(days=9))
    assert gates.add(old) == gates.get("older") == old


def test_gate_results_are_listed_for_one_table_for_some_and_for_all(book):
    for table in ("datasets.a", "datasets.b", "datasets.c"):
        book.gates.add(
            GateResult(
                id=table,
                table=table,
                owner="a@b.example",
                days=Days.one("2013-09-01"),
                run="r",
                verdict="pass",
                rows=1,
                fingerprint="f",
                expectations=(),
            )
        )
    assert [gate.table for gate in book.gates.newest("datasets.b")] == ["datasets.b"]
    assert {gate.table for gate in book.gates.newest({"datasets.a", "datasets.c"})} == {
        "datasets.a",
        "datasets.c",
    }
    assert len(book.gates.newest()) == 3
    assert book.gates.newest(set()) == []
