"""What a night leaves behind: read from the stores' own files, saved, and put back."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pyiceberg.table import StaticTable

from contender.installation import Installation
from contender.lake import places
from tests.faults.tasks import Outside
from tests.faults.world import MODEL

TIMES = {"at", "entered", "opened", "changed", "since", "leased_until", "seconds_per_million_rows"}
PLACES = {"path", "file", "outputs", "sources", "origins", "quarantine", "log_url", "last_error"}
DERIVED = {"snapshot", "seal", "previous", "text", "html"}
# What differs between two undisturbed nights.
VOLATILE = TIMES | PLACES | DERIVED
# Records whose ids contain the time or chance.
NAMED_BY_CHANCE = ("acts", "alerts", "incident_events")
Json = Any


class Version(NamedTuple):
    """A registered version whose registration was completed."""

    number: int
    night: str
    recipe: str
    fit: str


class State(NamedTuple):
    """The stores and what is outside of them, in a form in which two states can be compared."""

    tables: Mapping[str, Mapping[str, tuple[str, ...]]]  # digests of the files of each day
    rows: Mapping[str, Sequence[Json]]  # of tables that name a version, with the version's night instead
    book: Mapping[str, Sequence[Json]]
    versions: tuple[Version, ...]
    alias: int | None
    noted: str | None  # number and seal of the ledger's newest entry, as the registry knows them
    seals: tuple[tuple[int, str], ...]
    mails: frozenset[str]
    outside: Outside


class Saved(NamedTuple):
    """A state and the folder with a copy of all files."""

    state: State
    folder: Path
    files: Mapping[str, int]


def read_state(here: Installation, outside: Outside, *, with_rows: bool = False) -> State:
    """Read the state of an installation; with the rows of predictions, which is slower."""
    home = here.settings.home
    versions, alias, noted = _read_registry(home / "registry.db")
    book, seals, mails = _read_book(home / "records.db")
    nights = {version.number: f"{version.night} {version.recipe}" for version in versions}
    named = (MODEL.prediction_contract, MODEL.shadow_contract) if with_rows else ()
    return State(
        tables=_read_tables(home),
        rows={
            contract.table: [
                {**row, "model_version": nights.get(row["model_version"], "unknown"), "feature_snapshot": 0}
                for row in here.lake.read(contract).to_pylist()
            ]
            for contract in named
        },
        book=book,
        versions=versions,
        alias=alias,
        noted=noted,
        seals=seals,
        mails=mails,
        outside=deepcopy(outside),
    )


def canonical(value: Json) -> Json:
    """Return JSON without what differs between two undisturbed nights."""
    if isinstance(value, dict):
        return {key: canonical(part) for key, part in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [canonical(part) for part in value]
    return value


def are_equal(one: State, other: State) -> bool:
    """Return whether two states lead to the same rest of a night: they differ only in times and random names."""
    return (
        one.tables == other.tables
        and one.book == other.book
        and (one.versions, one.alias) == (other.versions, other.alias)
        and canonical(one.outside.xcoms) == canonical(other.outside.xcoms)
        and one.outside.announced == other.outside.announced
        and len(one.outside.received) == len(other.outside.received)
    )


def _read_tables(home: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    found = {}
    with closing(_connect(home / "lake-catalog.db")) as catalog:
        for row in catalog.execute("select * from iceberg_tables").fetchall():
            found[f"{row['table_namespace']}.{row['table_name']}"] = _read_days(row["metadata_location"])
    return found


@cache
def _read_days(metadata: str) -> dict[str, tuple[str, ...]]:
    """Return the digests of a table's files by day; a metadata file never changes."""
    table = StaticTable.from_metadata(metadata)
    days: dict[str, tuple[str, ...]] = {}
    if table.current_snapshot() is not None:
        for task in table.scan().plan_files():
            file = Path(places.plain(task.file.file_path))
            days[file.parent.name] = tuple(sorted((*days.get(file.parent.name, ()), file.stem)))
    return dict(sorted(days.items()))


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file)
    connection.row_factory = sqlite3.Row
    return connection


def _read_book(file: Path) -> tuple[dict[str, list[Json]], tuple[tuple[int, str], ...], frozenset[str]]:
    book = {}
    with closing(_connect(file)) as connection:
        names = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
        for name in sorted({row["name"] for row in names} - {"alembic_version"}):
            rows = [dict(row) for row in connection.execute(f"select * from {name}").fetchall()]
            read = [{**row, "record": json.loads(row.get("record", "null"))} for row in rows]
            rows = [canonical(_without_id(row) if name in NAMED_BY_CHANCE else row) for row in read]
            book[name] = sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
        seals = connection.execute("select number, seal from ledger order by number").fetchall()
        mails = connection.execute("select id from alerts").fetchall()
    return book, tuple((row["number"], row["seal"]) for row in seals), frozenset(row["id"] for row in mails)


def _without_id(row: dict[str, Json]) -> dict[str, Json]:
    return {name: row[name] for name in row if name != "id"} | {"record": {**row["record"], "id": ""}}


def _read_registry(file: Path) -> tuple[tuple[Version, ...], int | None, str | None]:
    with closing(_connect(file)) as connection:
        tags = connection.execute("select version, key, value from model_version_tags order by version")
        by_version: dict[int, dict[str, str]] = {}
        for row in tags.fetchall():
            by_version.setdefault(row["version"], {})[row["key"]] = row["value"]
        alias = connection.execute("select version from registered_model_aliases").fetchone()
        noted = connection.execute(
            "select value from registered_model_tags where key = 'contender.ledger'"
        ).fetchone()
    versions = []
    for number, found in by_version.items():
        if "contender.fit" in found:
            record = json.loads(found["contender.record"])
            versions.append(Version(number, record["night"], record["recipe"], found["contender.fit"]))
    return tuple(versions), None if alias is None else int(alias["version"]), noted and str(noted["value"])


def save(here: Installation, outside: Outside, folder: Path) -> Saved:
    """Copy all files of an installation into a new folder."""
    _replace(here.settings.home, _list_files(here.settings.home), folder)
    return Saved(read_state(here, outside), folder, _list_files(folder))


def restore(saved: Saved, here: Installation) -> Outside:
    """Put the files of a saved state back in their place, and return what was outside."""
    _replace(saved.folder, saved.files, here.settings.home)
    return deepcopy(saved.state.outside)


def _replace(source: Path, wanted: Mapping[str, int], target: Path) -> None:
    """Make the files of `target` equal to those of `source`.

    Files are linked, since the stores write a file once and then replace it. Databases are copied by SQLite, because
    connections of this process may be open.
    """
    found = _list_files(target)
    for name in found.keys() - wanted.keys():
        Path(target, name).unlink()
    for name, inode in wanted.items():
        if found.get(name) != inode:
            Path(target, name).parent.mkdir(parents=True, exist_ok=True)
            Path(target, name).unlink(missing_ok=True)
            _link(f"{source}/{name}", f"{target}/{name}")
    for database in source.glob("*.db"):
        with (
            closing(sqlite3.connect(database)) as kept,
            closing(sqlite3.connect(target / database.name)) as own,
        ):
            kept.backup(own)


def _link(source: str, target: str) -> None:
    """Link a file, or copy it to another disk."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copy2(source, target)


def _list_files(folder: Path, prefix: str = "") -> dict[str, int]:
    """Return the inode of each file that is not a database's, by its path in the folder."""
    found: dict[str, int] = {}
    if not folder.exists():
        return found
    for entry in os.scandir(folder / prefix):
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            found |= _list_files(folder, f"{name}/")
        elif ".db" not in entry.name:
            found[name] = entry.inode()
    return found
