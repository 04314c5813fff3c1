"""Find the files that each snapshot of a table needs, expire snapshots, and delete files that only they needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain

from pyiceberg.table import Table

from contender.lake import places
from contender.lake.tables import Lake
from contender.specs.frozen import Frozen

# A commit in progress has written files that no snapshot refers to yet. No commit takes a day.
SAFETY = timedelta(days=1)


class Aged(Frozen):
    """A snapshot or a file with the time of its creation."""

    name: str
    since: datetime


class Reach(Frozen):
    """The files that a snapshot needs: data files, and the manifests that list them."""

    data: frozenset[str]
    listings: frozenset[str]


def reach(table: Table) -> dict[int, Reach]:
    """Return the files of every snapshot of a table. A manifest that snapshots share is read once."""
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


def find_unreferenced(table: Table) -> Iterator[Aged]:
    """Yield the files in a table's folder that no snapshot and no metadata refer to."""
    known = {file for files in reach(table).values() for file in (*files.data, *files.listings)}
    known |= {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
    known_places = {places.plain(file) for file in known}
    for file in places.files(places.plain(table.location())):
        if file.place not in known_places:
            yield Aged(name=file.place, since=file.since)


def only_in(expiring: Iterable[int], reached: Mapping[int, Reach]) -> Reach:
    """Return the files that only these snapshots need."""
    going = set(expiring)
    gone = [files for snapshot, files in reached.items() if snapshot in going]
    kept = [files for snapshot, files in reached.items() if snapshot not in going]
    return Reach(
        data=_joined(r.data for r in gone) - _joined(r.data for r in kept),
        listings=_joined(r.listings for r in gone) - _joined(r.listings for r in kept),
    )


def expire(lake: Lake, name: str, expiring: Iterable[int], *, data_first: bool = False) -> Reach:
    """Expire snapshots of a table, then delete the files that only they needed, and return these files.

    An attempt that is killed in between leaves unreferenced files, which upkeep removes. With `data_first`, data
    files are deleted before their snapshots are expired: rows that must be erased are removed in any case, and an
    unreadable snapshot is found again by the next attempt. The newest snapshot is never expired.
    """
    table = lake.iceberg(name)
    if table is None:
        return Reach(data=frozenset(), listings=frozenset())
    newest = table.current_snapshot()
    existing = {snapshot.snapshot_id for snapshot in table.snapshots()}
    going = {snapshot for snapshot in expiring if snapshot in existing}
    going -= {newest.snapshot_id} if newest else set()
    files = only_in(going, reach(table)) if going else Reach(data=frozenset(), listings=frozenset())
    if data_first:
        delete(files.data)
    if going:
        table.maintenance.expire_snapshots().by_ids(sorted(going)).commit()
    delete(files.data | files.listings)
    return files


def delete(files: Iterable[str]) -> None:
    """Delete files, ignoring those that do not exist."""
    for file in files:
        places.remove(places.plain(file))


def _joined(parts: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset(chain.from_iterable(parts))
