"""A table's snapshots and newest day, read from its metadata alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import Field
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table
from pyiceberg.table import snapshots as iceberg
from pyiceberg.types import DateType
from pyiceberg.utils.datetime import days_to_date

from contender.records import StagedBatch
from contender.specs.frozen import Frozen

_PUBLISHED, _ENGINE = "contender.days", "contender.engine"


class Snapshot(Frozen):
    """A committed snapshot of a table, which can be read by its id."""

    id: int
    at: datetime = Field(description="time of its commit, in UTC")
    days: int | None = Field(description="number of days; None in a table that is replaced as a whole")
    rows: int
    size: int = Field(default=0, description="bytes of its files")
    published: str | None = Field(default=None, description="days of the batch that the commit published")
    engine: str | None = Field(default=None, description="engine that built the batch; none for deliveries")


def describe_commit(batch: StagedBatch) -> dict[str, str]:
    """Return the properties that a commit of this batch adds to its snapshot's summary."""
    properties = {_PUBLISHED: batch.days.key, _ENGINE: batch.engine}
    return {name: value for name, value in properties.items() if value is not None}


def committed_snapshots(table: Table, limit: int) -> tuple[Snapshot, ...]:
    """Return the newest snapshots that were visible to readers, newest first.

    Replacing a day creates two snapshots in one commit, and the first is never visible. A commit is identified by
    the time of its metadata; its last snapshot is the visible one.
    """
    commits = {entry.timestamp_ms for entry in table.metadata.metadata_log} | {table.metadata.last_updated_ms}
    visible = {s.timestamp_ms: s for s in table.snapshots() if s.timestamp_ms in commits}
    # Not by time: the clock may have been set back.
    newest = sorted(visible.values(), key=lambda s: s.sequence_number or 0, reverse=True)[:limit]
    daily = bool(table.spec().fields)
    return tuple(_snapshot(s, daily=daily) for s in newest)


def newest_day(table: Table) -> date | None:
    """Return the newest day of a table that is partitioned by day, or None if it is empty.

    A year has hundreds of manifests. The manifest list contains each one's upper bound, so usually only one is read.
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
    """Return a manifest's upper bound of the day, in days since 1970; the file of that day may be deleted."""
    partitioning = manifest.partitions or []
    return int(from_bytes(DateType(), partitioning[0].upper_bound or b""))


def _snapshot(found: iceberg.Snapshot, *, daily: bool) -> Snapshot:
    summary = found.summary.additional_properties if found.summary else {}
    # A day is one file.
    days = int(summary.get("total-data-files", 0)) if daily else None
    at = datetime.fromtimestamp(found.timestamp_ms / 1000, UTC)
    return Snapshot(
        id=found.snapshot_id,
        at=at,
        days=days,
        rows=int(summary.get("total-records", 0)),
        size=int(summary.get("total-files-size", 0)),
        published=summary.get(_PUBLISHED),
        engine=summary.get(_ENGINE),
    )
