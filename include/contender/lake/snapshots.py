"""Finds the files that each snapshot of a table needs; expires snapshots and deletes what only they needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain

from pyiceberg.table import Table

from contender.lake import places
from contender.lake.tables import Lake
from contender.specs.frozen import Frozen

# A commit under way has written files that no snapshot names yet. None takes a day.
SAFETY = timedelta(days=1)


class Aged(Frozen):
    """A snapshot or a file by its name, and since when it is there."""

    name: str
    since: datetime


class Reach(Frozen):
    """The files that a snapshot needs: its rows (`data`), and what lists them."""

    data: frozenset[str]
    listings: frozenset[str]


def reach(table: Table) -> dict[int, Reach]:
    """The files of every snapshot of a table. Each manifest is read once, however many snapshots share it."""
    rows: dict[str, frozenset[str]] = {}
    found = {}
    for snapshot in table.snapshots():
        manifests = snapshot.manifests(table.io)
        for manifest in manifests:
            if manifest.manifest_path not in rows:
                entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
                rows[manifest.manifest_path] = frozenset(entry.data_file.file_path for entry in entries)
        paths = [manifest.manifest_path for manifest in manifests]
        found[snapshot.snapshot_id] = Reach(
            data=frozenset(chain.from_iterable(rows[path] for path in paths)),
            listings=frozenset({*paths, snapshot.manifest_list}),
        )
    return found


def find_loose(table: Table) -> Iterator[Aged]:
    """The files in a table's folder that nothing refers to."""
    known = {file for files in reach(table).values() for file in (*files.data, *files.listings)}
    known |= {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
    known_places = {places.plain(file) for file in known}
    for file in places.files(places.plain(table.location())):
        if file.place not in known_places:
            yield Aged(name=file.place, since=file.since)


def only_in(doomed: Iterable[int], reached: Mapping[int, Reach]) -> Reach:
    """The files that these snapshots need and no other does."""
    going = set(doomed)
    gone = [files for snapshot, files in reached.items() if snapshot in going]
    kept = [files for snapshot, files in reached.items() if snapshot not in going]
    return Reach(
        data=_joined(r.data for r in gone) - _joined(r.data for r in kept),
        listings=_joined(r.listings for r in gone) - _joined(r.listings for r in kept),
    )


def expire(lake: Lake, name: str, doomed: Iterable[int], *, data_first: bool = False) -> Reach:
    """Take snapshots out of a table, then delete the files that only they needed. Returns those files.

    An attempt killed between the two leaves files that nothing refers to, which upkeep removes. With
    `data_first` the rows are gone before their snapshots are: where rows must not stay, a snapshot that cannot
    be read any more is the lesser evil, and the next attempt still knows it. The newest snapshot always stays.
    """
    table = lake.iceberg(name)
    if table is None:
        return Reach(data=frozenset(), listings=frozenset())
    newest = table.current_snapshot()
    there = {snapshot.snapshot_id for snapshot in table.snapshots()}
    going = {snapshot for snapshot in doomed if snapshot in there}
    going -= {newest.snapshot_id} if newest else set()
    files = only_in(going, reach(table)) if going else Reach(data=frozenset(), listings=frozenset())
    if data_first:
        delete(files.data)
    if going:
        table.maintenance.expire_snapshots().by_ids(sorted(going)).commit()
    delete(files.data | files.listings)
    return files


def delete(files: Iterable[str]) -> None:
    """Delete files; one that is gone already is as wanted."""
    for file in files:
        places.remove(places.plain(file))


def _joined(parts: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset(chain.from_iterable(parts))
