"""What a table is and was, told from its metadata alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import Field
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table
from pyiceberg.table import snapshots as iceberg
from pyiceberg.types import DateType
from pyiceberg.utils.datetime import days_to_date

from contender.specs.frozen import Frozen


class Snapshot(Frozen):
    """A state of a table that readers saw, and that can be read again by its id."""

    id: int
    at: datetime = Field(description="of its commit, in UTC")
    days: int | None = Field(description="how many days it holds; None in a table that is replaced whole")
    rows: int


def committed_snapshots(table: Table, limit: int) -> tuple[Snapshot, ...]:
    """The newest snapshots that were ever visible, newest first.

    Replacing a day makes two snapshots in one commit, of which nobody saw the first: a commit is known by
    the time of its metadata, and its last snapshot is what it left.
    """
    commits = {entry.timestamp_ms for entry in table.metadata.metadata_log} | {table.metadata.last_updated_ms}
    visible = {s.timestamp_ms: s for s in table.snapshots() if s.timestamp_ms in commits}
    newest = sorted(visible.values(), key=lambda s: s.timestamp_ms, reverse=True)[:limit]
    daily = bool(table.spec().fields)
    return tuple(_snapshot(s, daily=daily) for s in newest)


def newest_day(table: Table) -> date | None:
    """The newest day of a table that is partitioned by day; None while it is empty.

    A year is hundreds of manifests, and each tells its newest day beforehand: the last one is mostly enough.
    """
    current = table.current_snapshot()
    manifests = [] if current is None else current.manifests(table.io)
    newest: int | None = None
    for bound, manifest in sorted(((_bound(m), m) for m in manifests), key=lambda pair: -pair[0]):
        if newest is not None and newest >= bound:
            break
        live = [int(entry.data_file.partition[0]) for entry in manifest.fetch_manifest_entry(table.io)]
        newest = max(live, default=newest) if newest is None else max([newest, *live])
    return None if newest is None else days_to_date(newest)


def _bound(manifest: ManifestFile) -> int:
    """The newest day that a manifest speaks of, in days since 1970, whether its file is still there or not."""
    partitioning = manifest.partitions or []
    return int(from_bytes(DateType(), partitioning[0].upper_bound or b""))


def _snapshot(found: iceberg.Snapshot, *, daily: bool) -> Snapshot:
    summary = found.summary.additional_properties if found.summary else {}
    # A day is one file.
    days = int(summary.get("total-data-files", 0)) if daily else None
    at = datetime.fromtimestamp(found.timestamp_ms / 1000, UTC)
    return Snapshot(id=found.snapshot_id, at=at, days=days, rows=int(summary.get("total-records", 0)))
