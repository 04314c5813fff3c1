"""What a night leaves behind: read from the stores' own files, saved, and put back."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from pyiceberg.expressions import AlwaysTrue

from contender.installation import Installation
from contender.lake import places
from tests.faults.tasks import Outside
from tests.faults.world import MODEL

# Times, random names, and what is derived from them: they differ between two undisturbed nights.
VOLATILE = frozenset(
    """at entered opened changed since leased_until seal previous asked deadline path file outputs sources origins
    snapshot quarantine text html last_error log_url seconds_per_million_rows""".split()
)
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
    outside: Outside


class Saved(NamedTuple):
    """A state and the folder with a copy of all files."""

    state: State
    folder: Path


def read_state(here: Installation, outside: Outside, *, with_rows: bool = False) -> State:
    """Read the state of an installation; with the rows of predictions, which is slower."""
    home = here.settings.home
    versions, alias, noted = _read_registry(home / "registry.db")
    book, seals = _read_book(home / "records.db")
    nights = {version.number: f"{version.night} {version.recipe}" for version in versions}
    named = (MODEL.prediction_contract, MODEL.shadow_contract) if with_rows else ()
    return State(
        tables=_read_tables(here),
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


def _read_tables(here: Installation) -> dict[str, dict[str, tuple[str, ...]]]:
    found = {}
    for name in here.lake.tables():
        table = here.lake.iceberg(name)
        assert table is not None
        days: dict[str, tuple[str, ...]] = {}
        if table.current_snapshot() is not None:
            for task in table.scan(row_filter=AlwaysTrue()).plan_files():
                place = places.plain(task.file.file_path)
                day = place.split("/")[-2]
                days[day] = tuple(sorted((*days.get(day, ()), Path(place).stem)))
        found[name] = dict(sorted(days.items()))
    return found


def _query(file: Path, query: str) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(query).fetchall()


def _read_book(file: Path) -> tuple[dict[str, list[Json]], tuple[tuple[int, str], ...]]:
    names = [row["name"] for row in _query(file, "select name from sqlite_master where type = 'table'")]
    book = {}
    for name in sorted(set(names) - {"alembic_version"}):
        rows = [dict(row) for row in _query(file, f"select * from {name}")]
        read = [canonical({**row, "record": json.loads(row.get("record", "null"))}) for row in rows]
        book[name] = sorted(read, key=lambda row: json.dumps(row, sort_keys=True))
    seals = tuple(
        (row["number"], row["seal"]) for row in _query(file, "select number, seal from ledger order by number")
    )
    return book, seals


def _read_registry(file: Path) -> tuple[tuple[Version, ...], int | None, str | None]:
    tags = _query(file, "select version, key, value from model_version_tags order by version")
    by_version: dict[int, dict[str, str]] = {}
    for row in tags:
        by_version.setdefault(row["version"], {})[row["key"]] = row["value"]
    versions = []
    for number, found in by_version.items():
        if "contender.fit" in found:
            record = json.loads(found["contender.record"])
            versions.append(Version(number, record["night"], record["recipe"], found["contender.fit"]))
    alias = _query(file, "select version from registered_model_aliases where alias = 'champion'")
    noted = _query(file, "select value from registered_model_tags where key = 'contender.ledger'")
    return (
        tuple(versions),
        int(alias[0]["version"]) if alias else None,
        str(noted[0]["value"]) if noted else None,
    )


def save(here: Installation, outside: Outside, folder: Path) -> Saved:
    """Copy all files of an installation into a new folder."""
    _replace(here.settings.home, folder)
    return Saved(read_state(here, outside), folder)


def restore(saved: Saved, here: Installation) -> Outside:
    """Put the files of a saved state back in their place, and return what was outside."""
    _replace(saved.folder, here.settings.home)
    return deepcopy(saved.state.outside)


def _replace(source: Path, target: Path) -> None:
    """Make the files of `target` equal to those of `source`.

    Files are linked, since the stores write a file once and then replace it. Databases are copied by SQLite, because
    connections of this process may be open.
    """
    wanted, found = _list_files(source), _list_files(target)
    for name in found.keys() - wanted.keys():
        (target / name).unlink()
    for name, inode in wanted.items():
        if found.get(name) != inode:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).unlink(missing_ok=True)
            os.link(source / name, target / name)
    for database in source.glob("*.db"):
        with closing(sqlite3.connect(database)) as kept, closing(sqlite3.connect(target / database.name)) as own:
            kept.backup(own)


def _list_files(folder: Path) -> dict[str, int]:
    return {
        str(Path(root, name).relative_to(folder)): Path(root, name).stat().st_ino
        for root, _, names in os.walk(folder)
        for name in names
        if ".db" not in name
    }


def clear(folder: Path) -> None:
    """Delete a saved state."""
    shutil.rmtree(folder, ignore_errors=True)
