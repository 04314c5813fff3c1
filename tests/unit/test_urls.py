"""The URL of a SQLite database names its file, whatever the file's name."""

from pathlib import Path

import pytest
import sqlalchemy

from contender.urls import sqlite_path, sqlite_url


@pytest.mark.parametrize("name", ["plain", "a#b", "why?", "100%", "%41", "it's", "two words", "a+b", "é"])
def test_sqlalchemy_reads_the_path_from_the_url(name):
    path = Path("/srv") / name / "records.db"
    assert sqlalchemy.make_url(sqlite_url(path)).database == str(path)
    assert sqlite_path(sqlite_url(path)) == path


def test_an_ordinary_path_is_not_changed():
    assert sqlite_url(Path("/srv/contender/records.db")) == "sqlite:////srv/contender/records.db"


def test_options_are_not_part_of_the_path():
    assert sqlite_path("sqlite:////srv/records.db?timeout=30") == Path("/srv/records.db")


def test_another_database_has_no_file():
    assert sqlite_path("postgresql+psycopg://ada@db/contender") is None
