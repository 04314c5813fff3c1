"""Take a backup while nights run.

What refers to other stores is copied before them: the book of record, then the registry, then the lake. Versions and
pinned snapshots are never deleted while a record refers to them, so every reference of the book can be resolved.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from contender import __version__
from contender.backups.archive import NewArchive
from contender.backups.manifest import (
    FORMAT,
    MANIFEST,
    BackupError,
    CopiedTable,
    Manifest,
    read_manifest,
)
from contender.backups.verify import find_mistakes
from contender.installation import Installation
from contender.lake import list_table_files, places
from contender.records import INSTALLATION, copy_book, migrate, newest_revision
from contender.registry import artifacts_of, copy_registry
from contender.settings import Settings
from contender.urls import sqlite_url

Report = Callable[[str], None]
BOOK, REGISTRY = "book.db", "registry.db"
_ATTEMPTS = 4
_PAUSE = 1.0  # seconds; a commit takes less


@dataclass(frozen=True)
class Moment:
    """The copied databases of one moment, and what was found in them."""

    at: datetime
    records: dict[str, int]
    newer: tuple[str, ...]
    mistakes: tuple[str, ...]


def folders_of(settings: Settings) -> dict[str, str]:
    """Return the places of files that are copied as they are, by their folder in the backup."""
    artifacts = artifacts_of(settings)
    kept = {"quarantine": settings.quarantine, "aside": settings.aside, "reports": settings.reports}
    return kept if artifacts is None else {**kept, "artifacts": str(artifacts)}


def take_backup(here: Installation, place: str, report: Report, *, copy_lake: bool = True) -> Manifest:
    """Copy all stores to an empty place, or complete a backup that was interrupted there; return its manifest.

    With `copy_lake=False`, the lake's files are only referred to. The mistakes that verification finds are reported in
    the manifest. Raises BackupPlaceError if the place is in use, and BookError if the book cannot be opened.
    """
    _ = here.book  # an unusable book is an error before anything is written
    archive = NewArchive(place)
    with TemporaryDirectory() as folder:
        moment = _copy_databases(here, Path(folder), report)
        for database in sorted(Path(folder).glob("*.db")):
            archive.add(database.name, str(database))
    for name, source in folders_of(here.settings).items():
        report(f"{name}: {archive.add_folder(name, source)} files")
    names = here.lake.tables()
    tables = tuple(_copy_table(here, archive, name, report, copy_lake=copy_lake) for name in names)
    manifest = _describe(here.settings, archive, moment, tables, copy_lake=copy_lake)
    archive.finish(manifest)
    return manifest


def back_up_daily(here: Installation, moment: datetime, report: Report) -> str:
    """Make or complete the backup of a moment (timezone-aware) below `settings.backups`, and return its place.

    A backup that is complete is only recorded. Raises BackupError, each time, if a ledger in it does not verify.
    """
    place = places.below(here.settings.backups, f"{moment.astimezone(UTC):%Y-%m-%dT%H-%M-%S}")
    complete = places.below(place, MANIFEST)
    if places.exists(complete):
        manifest = read_manifest(places.read(complete), complete)
    else:
        manifest = take_backup(here, place, report)
    record_backup(here, place, "airflow")
    if manifest.mistakes:
        raise BackupError("\n".join((f"{place} is complete, but:", *manifest.mistakes)))
    return place


def record_backup(here: Installation, place: str, by: str) -> None:
    """Record a completed backup, so that none is reported as missing."""
    here.book.acts.record("backed up", INSTALLATION, place, by, "contender backup")


def _describe(
    settings: Settings,
    archive: NewArchive,
    moment: Moment,
    tables: tuple[CopiedTable, ...],
    *,
    copy_lake: bool,
) -> Manifest:
    artifacts = artifacts_of(settings)
    return Manifest(
        format=FORMAT,
        id=uuid.uuid4().hex[:12],
        contender=__version__,
        at=moment.at,
        ended=datetime.now(UTC),
        revision=newest_revision(),
        records=moment.records,
        lake=places.absolute(settings.lake),
        lake_files="copied" if copy_lake else "referenced",
        tables=tables,
        newer=moment.newer,
        artifacts=None if artifacts is None else str(artifacts),
        batches=places.absolute(settings.batches),
        mistakes=moment.mistakes,
        bytes=archive.size(),
        files=len(archive.checksums),
        checksums=sha256(archive.listed()).hexdigest(),
    )


def _copy_databases(here: Installation, folder: Path, report: Report) -> Moment:
    """Copy book and registry until both are of one moment, and no table has changed in between.

    If nights write all the time, the last attempt counts: then some tables are newer than the book, never older.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        before = here.lake.metadata()
        at = datetime.now(UTC)
        records, copied = _copy_once(here, folder / f"attempt-{attempt}")
        newer = {name for name, _ in here.lake.metadata().items() ^ before.items()}
        mistakes = find_mistakes(copied)
        if not newer and not mistakes:
            break
        if attempt < _ATTEMPTS:
            report("the stores are being written: copying the databases again")
            time.sleep(_PAUSE)
    for database in (folder / f"attempt-{attempt}").glob("*.db"):
        database.rename(folder / database.name)
    report(f"book of record: {sum(records.values()):,} records")
    return Moment(at, records, tuple(sorted(newer)), mistakes)


def _copy_once(here: Installation, folder: Path) -> tuple[dict[str, int], Installation]:
    """Copy the databases, and return the number of records and the installation with the copies."""
    folder.mkdir()
    book = sqlite_url(folder / BOOK)
    migrate(book)
    records = copy_book(here.settings.records, book)
    copies = {"records": book}
    if artifacts_of(here.settings) is not None:
        _ = here.registry  # opening creates it
        copy_registry(here.settings, folder / REGISTRY)
        copies["registry"] = sqlite_url(folder / REGISTRY)
    return records, Installation(here.settings.model_copy(update=copies), here.catalog)


def _copy_table(
    here: Installation, archive: NewArchive, name: str, report: Report, *, copy_lake: bool
) -> CopiedTable:
    """Copy the files of a table's current state; start again from a newer state if upkeep has deleted some."""
    root = places.absolute(here.settings.lake)
    for _ in range(_ATTEMPTS):
        table = here.lake.iceberg(name)
        if table is None:
            break
        try:
            files = [table.metadata_location, *list_table_files(table)]
            paths = {path_below(root, file, name): places.plain(file) for file in files}
            if copy_lake:
                archive.add_all(((f"lake/{path}", file) for path, file in paths.items()), immutable=True)
        except FileNotFoundError:
            continue
        report(f"{name}: {len(files)} files")
        count = len(table.snapshots())
        return CopiedTable(
            name=name, metadata=places.plain(table.metadata_location), snapshots=count, files=len(files)
        )
    raise BackupError(f"{name}: files were deleted in {_ATTEMPTS} attempts to copy it: run the command again")


def path_below(root: str, file: str, table: str) -> str:
    """Return the path of a table's file relative to the lake. Raises BackupError if it is elsewhere."""
    plain = places.plain(file)
    if not plain.startswith(f"{root}/"):
        raise BackupError(
            f"{table} has a file outside of the lake {root}: {file}: move the table into the lake"
        )
    return plain[len(root) + 1 :]
