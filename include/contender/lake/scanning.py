"""Which files of a table have the rows of some days, and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, GreaterThanOrEqual, LessThanOrEqual
from pyiceberg.manifest import DataFileContent
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.table import DataScan, FileScanTask, ManifestGroupPlanner, Table

from contender.lake import places
from contender.specs import Days


def scan_days(
    table: Table, days: Days | None, snapshot: int | None = None, columns: tuple[str, ...] = ("*",)
) -> DataScan:
    """Return a scan of some days of a table (by default all) in a snapshot (by default the newest)."""
    rows: BooleanExpression = AlwaysTrue() if days is None else between(days)
    return table.scan(row_filter=rows, snapshot_id=snapshot, selected_fields=columns)


def between(days: Days) -> BooleanExpression:
    """Return the filter for the rows of a range of days."""
    from_first: BooleanExpression = GreaterThanOrEqual("day", days.first.isoformat())  # type: ignore[call-arg]
    to_last: BooleanExpression = LessThanOrEqual("day", days.last.isoformat())  # type: ignore[call-arg]
    return And(from_first, to_last)


def plan_files(scan: DataScan) -> list[FileScanTask]:
    """Return the files of a scan of days.

    A file of a table that is partitioned by day alone has rows of one day, so all of them are wanted. PyIceberg would
    work this out for each file.
    """
    snapshot, metadata = scan.snapshot(), scan.table_metadata
    if snapshot is None or not all(_is_by_day(spec) for spec in metadata.specs().values()):
        return list(scan.plan_files())
    planner = ManifestGroupPlanner(metadata, scan.io, scan.row_filter)
    entries = chain.from_iterable(planner.plan_manifest_entries(snapshot.manifests(scan.io)))
    files = [entry.data_file for entry in entries]
    if any(file.content != DataFileContent.DATA for file in files):
        return list(scan.plan_files())
    return [FileScanTask(file) for file in files]


def _is_by_day(spec: PartitionSpec) -> bool:
    return [(field.name, str(field.transform)) for field in spec.fields] == [("day", "identity")]


def read_scan(scan: DataScan) -> pa.Table:
    """Read the files of a scan, in the order of their names: PyIceberg's reader takes milliseconds more for each.

    The files of a snapshot have its columns by name, and each day is a file of its own. PyIceberg still reads what
    another writer may have left: deleted rows, or files of which only some rows are wanted.
    """
    return scan.to_arrow() if (rows := read_whole(scan, plan_files(scan))) is None else rows


def read_whole(scan: DataScan, tasks: Sequence[FileScanTask]) -> pa.Table | None:
    """Read all rows of some files of a scan; None if there are none, or if only some of their rows are wanted."""
    files = whole_files(tasks) if tasks else None
    return None if files is None else pa.concat_tables(places.read_all(files, scan.projection().column_names))


def whole_files(tasks: Sequence[FileScanTask]) -> list[str] | None:
    """Return the files of a scan, in the order of their names; None if only some of their rows are wanted."""
    if any(task.delete_files or task.residual != AlwaysTrue() for task in tasks):
        return None
    return sorted(places.plain(task.file.file_path) for task in tasks)
