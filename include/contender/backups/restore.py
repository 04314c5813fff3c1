"""Restore a backup at another place.

What is referred to is restored before what refers to it, and the book of record last: an interrupted restore never
leaves a book whose references cannot be resolved.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from contender.backups.archive import COPIES, Archive, BackupPlaceError
from contender.backups.manifest import BackupError, CopiedTable, Manifest
from contender.backups.take import BOOK, REGISTRY, Report, folders_of, path_below
from contender.backups.verify import find_mistakes
from contender.installation import Installation
from contender.lake import (
    Move,
    list_table_files,
    listed_manifests,
    manifest_lists,
    move_listing,
    move_metadata,
    places,
)
from contender.records import book_exists, copy_book, count_records, knows_revision, migrate
from contender.registry import artifacts_of, move_artifacts
from contender.settings import Settings
from contender.urls import sqlite_path, sqlite_url

_MARKER = "restore-unfinished"


def restore_backup(here: Installation, source: str, report: Report) -> tuple[Manifest, tuple[str, ...]]:
    """Restore a backup into the empty stores of an installation; return its manifest, and the mistakes that are left.

    An interrupted restore of the same backup is continued. Raises BackupPlaceError if a store is not empty or there is
    no backup, and BackupError if the backup is damaged, too new, or of other kinds of stores.
    """
    archive = Archive(source)
    _check_fit(archive.manifest, here.settings)
    with _unfinished(here, archive.manifest):
        _restore_lake(here, archive, report)
        _restore_folders(here.settings, archive, report)
        _restore_registry(here.settings, archive)
        _restore_book(here.settings, archive, report)
        mistakes = find_mistakes(here)
    return archive.manifest, mistakes


def _check_fit(manifest: Manifest, settings: Settings) -> None:
    if not knows_revision(manifest.revision):
        raise BackupError(
            f"backup {manifest.id} was taken by Contender {manifest.contender} with a book of revision "
            f"{manifest.revision}, which is unknown to this release: restore it with that release or a later one"
        )
    if manifest.lake_files == "referenced" and places.absolute(settings.lake) != manifest.lake:
        raise BackupPlaceError(
            f"backup {manifest.id} does not contain the lake's files: set CONTENDER_LAKE={manifest.lake}, without --to"
        )
    if manifest.artifacts is not None and artifacts_of(settings) is None:
        raise BackupPlaceError(
            f"backup {manifest.id} contains a local registry: unset CONTENDER_REGISTRY to restore it"
        )


@contextmanager
def _unfinished(here: Installation, manifest: Manifest) -> Iterator[None]:
    """Keep a file in the home that names the backup until it is restored. Raises BackupPlaceError."""
    marker = here.settings.home / _MARKER
    if marker.exists():
        if (begun := marker.read_text()) != manifest.id:
            raise BackupPlaceError(
                f"the restore of backup {begun} into {here.settings.home} was interrupted: "
                "restore that backup, or give another place"
            )
    else:
        if occupied := _find_occupied(here.settings, manifest):
            raise BackupPlaceError(f"these stores are not empty: {', '.join(occupied)}: give another place")
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(manifest.id)
    yield
    marker.unlink()


def _find_occupied(settings: Settings, manifest: Manifest) -> list[str]:
    """Return the stores that already exist, as places without passwords."""
    folders = [settings.lake] if manifest.lake_files == "copied" else []
    folders += folders_of(settings).values()
    databases = [sqlite_path(url) for url in (settings.lake_catalog, settings.registry, settings.records)]
    found = [place for place in folders if places.files(place)]
    found += [str(database) for database in databases if database is not None and database.exists()]
    if sqlite_path(settings.records) is None and book_exists(settings.records):
        found.append("the book of record (CONTENDER_RECORDS)")
    if sqlite_path(settings.lake_catalog) is None and Installation(settings).lake.tables():
        found.append("the Iceberg catalogue (CONTENDER_LAKE_CATALOG)")
    return found


def _restore_lake(here: Installation, archive: Archive, report: Report) -> None:
    manifest = archive.manifest
    if manifest.lake_files == "referenced":
        for table in manifest.tables:
            _refer_to_table(here, table, report)
        return
    move = Move(old=manifest.lake, new=places.absolute(here.settings.lake))
    listings: set[str] = set()
    for table in manifest.tables:
        listings |= _move_listings(archive, table, move)
    rows = [path for path in archive.below("lake") if path not in listings]
    archive.copy_all((f"lake/{path}", places.below(move.new, path)) for path in rows)
    for table in manifest.tables:
        content = archive.read(f"lake/{path_below(move.old, table.metadata, table.name)}")
        moved = places.write(move.apply(table.metadata), move_metadata(content, move))
        here.lake.register(table.name, moved)
        report(f"{table.name}: {table.files} files")


def _move_listings(archive: Archive, table: CopiedTable, move: Move) -> set[str]:
    """Write a table's manifests and manifest lists with moved paths; return the paths of these files, and its metadata.

    Lists name the length of each manifest, so manifests come first.
    """
    metadata = path_below(move.old, table.metadata, table.name)
    lists = manifest_lists(archive.read(f"lake/{metadata}"))
    manifests: dict[str, None] = {}
    for found in lists:
        with archive.local(f"lake/{path_below(move.old, found, table.name)}") as file:
            manifests |= dict.fromkeys(listed_manifests(file))
    lengths: dict[str, int] = {}

    def rewrite(listing: str) -> None:
        path, target = f"lake/{path_below(move.old, listing, table.name)}", move.apply(listing)
        with archive.local(path) as file, places.draft(target) as drafted:
            move_listing(file, drafted, move, lengths)
            lengths[target] = drafted.stat().st_size

    with ThreadPoolExecutor(COPIES) as pool:
        for listings in (manifests, lists):
            list(pool.map(rewrite, listings))
    return {metadata, *(path_below(move.old, found, table.name) for found in (*manifests, *lists))}


def _refer_to_table(here: Installation, table: CopiedTable, report: Report) -> None:
    """Enter a table into the catalogue where it is. Raises BackupError if files are missing."""
    if not places.exists(table.metadata):
        raise BackupError(f"{table.metadata} of {table.name} is missing: restore it in the lake's bucket")
    here.lake.register(table.name, table.metadata)
    found = here.lake.iceberg(table.name)
    assert found is not None
    existing = {file.place for file in places.files(places.plain(found.location()))}
    missing = [file for file in map(places.plain, list_table_files(found)) if file not in existing]
    if missing:
        raise BackupError(
            f"{len(missing)} files of {table.name} are missing, the first is {missing[0]}: restore them in the "
            "lake's bucket"
        )
    report(f"{table.name}: {table.files} files exist")


def _restore_folders(settings: Settings, archive: Archive, report: Report) -> None:
    for name, target in folders_of(settings).items():
        paths = archive.below(name)
        archive.copy_all((f"{name}/{path}", places.below(target, path)) for path in paths)
        report(f"{name}: {len(paths)} files")
    move = _move_batches(settings, archive.manifest)
    for path in archive.below("quarantine"):
        if path.endswith(".json"):
            moved = move.apply_to_json(json.loads(archive.read(f"quarantine/{path}")))
            places.write(places.below(settings.quarantine, path), json.dumps(moved).encode())


def _restore_registry(settings: Settings, archive: Archive) -> None:
    """Restore a local registry, as a whole or not at all."""
    database, artifacts = sqlite_path(settings.registry), artifacts_of(settings)
    if archive.manifest.artifacts is None or database is None or artifacts is None:
        return
    with places.draft(str(database)) as drafted:
        with archive.local(REGISTRY) as copied:
            copied.rename(drafted)
        move_artifacts(drafted, Path(archive.manifest.artifacts), artifacts)


def _restore_book(settings: Settings, archive: Archive, report: Report) -> None:
    """Restore the book, migrated to this release, in one transaction."""
    migrate(settings.records)
    if not count_records(settings.records):
        with archive.local(BOOK) as copied:
            if (found := count_records(sqlite_url(copied))) != (
                known := sum(archive.manifest.records.values())
            ):
                raise BackupError(f"{BOOK} has {found} records, not {known}: restore another backup")
            migrate(sqlite_url(copied))
            copy_book(sqlite_url(copied), settings.records, _move_batches(settings, archive.manifest).apply)
    report(f"book of record: {count_records(settings.records):,} records")


def _move_batches(settings: Settings, manifest: Manifest) -> Move:
    return Move(old=manifest.batches, new=places.absolute(settings.batches))
