"""What a task used is recorded when it ends; a book that cannot be written fails no task."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

import task_usage
from contender.installation import Installation
from contender.settings import settings


@pytest.fixture
def place(installation, monkeypatch) -> Iterator[Installation]:
    """The installation in which the task runs."""
    monkeypatch.setenv("CONTENDER_HOME", str(installation.settings.home))
    settings.cache_clear()
    yield installation
    settings.cache_clear()


def ended(key: str | None) -> SimpleNamespace:
    """A task that has run for a minute, of the run with this partition key."""
    return SimpleNamespace(
        dag_id="retrain__flight_delay",
        run_id="r",
        task_id="train",
        try_number=1,
        start_date=datetime.now(UTC) - timedelta(minutes=1),
        get_template_context=lambda: {"dag_run": SimpleNamespace(partition_key=key)},
    )


@pytest.mark.parametrize(
    ("key", "night"), [("2013-09-01", date(2013, 9, 1)), ("2013-09-01..2013-09-07", None), (None, None)]
)
def test_the_night_is_that_of_the_run_and_a_range_has_none(place, key, night):
    task_usage.record_use(ended(key))
    (use,) = place.book.task_uses.newest("flight_delay", 9)
    assert (use.night, use.task, use.number) == (night, "train", 1)
    assert use.wall_seconds == pytest.approx(60, abs=30)
    assert use.peak_bytes > 0


def remove(book: Path) -> None:
    book.unlink()


def damage(book: Path) -> None:
    for file in book.parent.glob(f"{book.name}*"):
        file.unlink()
    book.write_text("no database " * 100)


def drop(book: Path) -> None:
    with closing(sqlite3.connect(book)) as connection, connection:
        connection.execute("drop table task_uses")


@pytest.mark.parametrize(
    ("lose", "why"),
    [(remove, "does not exist yet"), (damage, "file is not a database"), (drop, "no such table: task_uses")],
)
def test_without_a_usable_book_the_task_ends_as_it_did_and_the_log_says_why(place, caplog, lose, why):
    lose(place.settings.home / "records.db")
    task_usage.record_use(ended("2013-09-01"))
    (line,) = [record.message for record in caplog.records if record.name == "task_usage"]
    assert line.startswith("What the task used was not recorded, so its cost is unknown: ")
    assert why in line
