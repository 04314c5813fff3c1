"""A book of record from an older version is migrated with all its records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

import contender.records
from contender.records import Alert, Book, knows_revision, migrate, newest_revision, open_book
from contender.specs import Days
from tests.integration.test_book_queries import DAY, MODEL, NIGHT, NOW, TABLE, decided, gate, judged, later
from tests.unit.judged import pinned

TABLES = ("acts", "alerts", "evaluations", "gate_results", "ledger")
MAIL = Alert(id="a", kind="task", about=TABLE, to=("a@b.example",), subject="s", text="t", html="h", at=NOW)


@pytest.fixture
def today(here) -> Book:
    """A book at the current revision with a few records."""
    migrate(here.records)
    book = open_book(here.records)
    for number in (1, 2, 3):
        night = NIGHT + timedelta(days=number)
        made = pinned(number, (TABLE, 2**60 + number))
        book.evaluations.add(judged(number, number - 1 or None, night=night, challenger=made))
        book.ledger.enter(
            decided(number, night=night, kind="first" if number == 1 else "refreshed", approved_by="ben")
        )
    book.gates.add(gate("failed", "fail", NOW))
    book.gates.add(gate("passed", "pass", later(1)))
    book.acts.record("released", TABLE, "batch", "ann", "it is true", at=NOW)
    book.alerts.add(MAIL)
    return book


@pytest.fixture
def migrated(today, here, database) -> Book:
    """The same records in tables of revision 0005, migrated."""
    config, engine = Config(), sqlalchemy.create_engine(database)
    config.set_main_option("script_location", str(Path(contender.records.__file__).parent / "migrations"))
    config.attributes["engine"] = engine
    command.upgrade(config, "0005")
    written = sqlalchemy.create_engine(here.records)
    then, now = sqlalchemy.MetaData(), sqlalchemy.MetaData()
    then.reflect(engine, only=TABLES)
    now.reflect(written, only=TABLES)
    with written.connect() as source, engine.begin() as target:
        for name in TABLES:
            columns = [now.tables[name].c[column.name] for column in then.tables[name].columns]
            rows = [dict(row) for row in source.execute(sqlalchemy.select(*columns)).mappings()]
            for row in rows:
                row["at"] = row["at"].replace(tzinfo=UTC)
            target.execute(sqlalchemy.insert(then.tables[name]), rows)
        lease = (datetime.now(UTC) + timedelta(minutes=5)).isoformat(timespec="seconds")
        target.execute(sqlalchemy.update(then.tables["alerts"]).values(run=lease))
    engine.dispose()
    written.dispose()
    migrate(database)
    return open_book(database)


def test_migrated_evaluations_and_versions_are_found_as_in_a_new_book(migrated, today):
    for number in (1, 2, 3):
        night = NIGHT + timedelta(days=number)
        assert migrated.evaluations.of_version(MODEL, number) == today.evaluations.of_version(MODEL, number)
        assert migrated.evaluations.decided_on(MODEL, night, number).challenger.version == number
    tonight = judged(4, 3, night=NIGHT + timedelta(days=4))
    refreshes = migrated.evaluations.refreshes_before(tonight.challenger, tonight.champion, 28)
    assert [one.challenger.version for one in refreshes] == [3, 2]
    assert migrated.evaluations.trained_versions() == today.evaluations.trained_versions()
    assert migrated.evaluations.pinned_snapshots() == today.evaluations.pinned_snapshots() != []
    window = Days.one(NIGHT - timedelta(days=4))
    assert migrated.evaluations.versions_fitted_on(MODEL, window) == today.evaluations.versions_fitted_on(
        MODEL, window
    )


def test_a_version_that_is_evaluated_again_after_the_migration_is_listed_once(migrated):
    migrated.evaluations.add(judged(4, 3, night=NIGHT + timedelta(days=4)))
    assert [one.version for one in migrated.evaluations.trained_versions()] == [1, 2, 3, 4]


def test_the_migrated_ledger_is_intact_and_names_who_approved(migrated):
    assert migrated.ledger.verify(MODEL) == ()
    assert [entry.number for entry in migrated.ledger.by_people(MODEL, "ben")] == [3, 2, 1]


def test_migrated_acts_and_gates_are_found_as_in_a_new_book(migrated, today):
    assert migrated.acts.settlement_of(TABLE, "batch").by == "ann"
    assert migrated.acts.by_people(person="ann") == today.acts.by_people(person="ann")
    assert migrated.gates.passed_since(TABLE, DAY, NOW)


def test_a_leased_mail_keeps_its_lease(migrated):
    assert not migrated.alerts.claim(MAIL, 300)


def test_the_files_of_the_migrations_are_named_by_their_revisions():
    scripts = ScriptDirectory(str(Path(contender.records.__file__).parent / "migrations"))
    assert newest_revision() == scripts.get_current_head()
    assert all(knows_revision(script.revision) for script in scripts.walk_revisions())
    assert not knows_revision("9999")
