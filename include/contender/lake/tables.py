"""Read and publish Iceberg tables. Days are replaced as a whole; publishing the same content again changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import FileScanTask, Table

from contender.creation import creation_lock
from contender.lake import places
from contender.lake.commits import (
    NO_BLIND_RETRY,
    LoadedDays,
    compare_days,
    day_of,
    digests_of,
    properties_of,
    retry_on_conflict,
)
from contender.lake.fit import VERSION, LakeError, find_mismatch
from contender.lake.history import Snapshot, committed_snapshots, newest_day
from contender.lake.scanning import plan_files, read_scan, read_whole, scan_days
from contender.lake.schema import arrow_schema, iceberg_partitioning, iceberg_schema
from contender.records import StagedBatch
from contender.settings import Settings, s3_endpoint, s3_region
from contender.specs import Contract, Days
from contender.specs.frozen import Frozen


class PinnedFiles(Frozen):
    """The Parquet files of some days of a table in one snapshot."""

    table: str
    snapshot: int | None
    files: tuple[str, ...]
    rows: int = 0


class DayFile(Frozen):
    """The data file of a day."""

    digest: str
    rows: int


class Published(Frozen):
    """The result of publishing a batch.

    `changed` is False if the table already had the same content, `corrected` is True if it had other rows of the days.
    """

    table: str
    days: Days
    snapshot: int | None
    rows: int
    changed: bool
    corrected: bool = False

    @classmethod
    def of(
        cls, batch: StagedBatch, snapshot: int | None, *, changed: bool, corrected: bool = False
    ) -> Published:
        """Return the result of publishing a batch."""
        return cls(
            table=batch.table,
            days=batch.days,
            snapshot=snapshot,
            rows=batch.rows,
            changed=changed,
            corrected=corrected,
        )


class Lake:
    """An open lake."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def pin(self, table: str, days: Days | None = None, snapshot: int | None = None) -> PinnedFiles:
        """Return the files of these days (by default all) in a snapshot (by default the newest)."""
        found = self._find(table)
        if found is None:
            return PinnedFiles(table=table, snapshot=None, files=())
        pinned = snapshot or _newest_snapshot(found)
        files = [task.file for task in plan_files(scan_days(found, days, pinned))] if pinned else []
        return PinnedFiles(
            table=table,
            snapshot=pinned,
            files=tuple(sorted(places.plain(file.file_path) for file in files)),
            rows=sum(file.record_count for file in files),
        )

    def read(
        self,
        contract: Contract,
        days: Days | None = None,
        *,
        snapshot: int | None = None,
        columns: tuple[str, ...] | None = None,
    ) -> pa.Table:
        """Read the rows of these days (by default all), ordered by primary key; no rows if there is no table."""
        wanted = columns or contract.column_names
        found = self._find(contract.table)
        if found is None or _newest_snapshot(found) is None:
            return arrow_schema(contract).empty_table().select(list(wanted))
        read = tuple(dict.fromkeys((*wanted, *contract.primary_key)))
        rows = read_scan(scan_days(found, days, snapshot, read))
        order = [(name, "ascending") for name in contract.primary_key]
        ordered: pa.Table = rows.sort_by(order).select(list(wanted))
        return ordered

    def read_each(
        self, contract: Contract, days: Collection[date], snapshot: int | None = None
    ) -> Iterator[tuple[date, pa.Table]]:
        """Read the rows of several days of a daily table, one after the other, in order. The read is planned once."""
        found = self._find(contract.table) if days else None
        if found is None or _newest_snapshot(found) is None:
            return
        scan = scan_days(found, Days(first=min(days), last=max(days)), snapshot, contract.column_names)
        tasks: dict[date | None, list[FileScanTask]] = {}
        for task in plan_files(scan):
            tasks.setdefault(day_of(found, task.file), []).append(task)
        order = [(name, "ascending") for name in contract.primary_key]
        for day in sorted(days):
            rows = read_whole(scan, tasks.get(day, []))
            one = (
                self.read(contract, Days.one(day), snapshot=snapshot) if rows is None else rows.sort_by(order)
            )
            yield day, one.select(list(contract.column_names))

    def snapshot(self, table: str) -> int | None:
        """Return the newest snapshot of a table, or None."""
        found = self._find(table)
        return None if found is None else _newest_snapshot(found)

    def snapshots(self, table: str, limit: int = 20) -> tuple[Snapshot, ...]:
        """Return the newest committed snapshots of a table, newest first; none if there is no table."""
        found = self._find(table)
        return () if found is None else committed_snapshots(found, limit)

    def days(self, table: str) -> list[date]:
        """Return the days of a daily table, in order."""
        found = self._find(table)
        if found is None or _newest_snapshot(found) is None:
            return []
        return sorted(row["partition"]["day"] for row in found.inspect.partitions().to_pylist())

    def day_files(self, table: str, days: Days, snapshot: int | None = None) -> dict[date, DayFile]:
        """Return the data files of a daily table by day, limited to these days, in order."""
        found = self._find(table)
        if found is None or _newest_snapshot(found) is None:
            return {}
        files = {
            day: DayFile(digest=Path(task.file.file_path).stem, rows=task.file.record_count)
            for task in plan_files(scan_days(found, days, snapshot))
            if (day := day_of(found, task.file)) is not None
        }
        return dict(sorted(files.items()))

    def iceberg(self, table: str) -> Table | None:
        """Return the Iceberg table, or None if it does not exist."""
        return self._find(table)

    def tables(self) -> tuple[str, ...]:
        """Return the names of all existing tables, including those that no contract declares."""
        spaces = self._catalog.list_namespaces()
        return tuple(sorted(".".join(name) for space in spaces for name in self._catalog.list_tables(space)))

    def metadata(self) -> dict[str, str]:
        """Return the place of each table's current metadata file, by the table's name."""
        found = {name: self._find(name) for name in self.tables()}
        return {name: table.metadata_location for name, table in found.items() if table is not None}

    def register(self, table: str, metadata: str) -> None:
        """Enter an existing table into the catalogue, by its metadata file. Raises LakeError if the name is taken."""
        namespace, _, _ = table.rpartition(".")
        self._catalog.create_namespace_if_not_exists(namespace)
        found = self._find(table)
        if found is None:
            self._catalog.register_table(table, metadata)
        elif found.metadata_location != metadata:
            raise LakeError(
                f"the Iceberg catalogue already has {table} at {found.metadata_location}: give an empty catalogue"
            )

    def newest_day(self, table: str) -> date | None:
        """Return the newest day of a daily table, or None if it is empty. Much faster than `days`."""
        found = self._find(table)
        return None if found is None else newest_day(found)

    def load_days(self, contract: Contract, days: Days) -> LoadedDays:
        """Load some days of the contract's table for a commit on them; create the table if it does not exist.

        Raises LakeError if the table does not have the contract's columns.
        """
        table = self._create(contract)
        if mismatch := find_mismatch(table, contract):
            raise LakeError(mismatch)
        return LoadedDays(contract=contract, table=table, digests=digests_of(table, days))

    def holds(self, batch: StagedBatch) -> bool:
        """Return whether the table's content for the days of the batch is exactly the batch."""
        found = self._find(batch.table)
        return found is not None and not compare_days(digests_of(found, batch.days), batch).differing

    @retry_on_conflict
    def publish(self, contract: Contract, batch: StagedBatch) -> Published:
        """Publish a batch in one commit, without recording it in the book of record.

        If another writer commits in between, publishing is retried on the new snapshot. Raises LakeError if the batch
        has rows of other days, or if the table or the batch does not have the contract's columns.
        """
        loaded = self.load_days(contract, batch.days)
        changes = loaded.compare(batch)
        if changes.differing:
            loaded.replace(batch, changes)
        return Published.of(batch, loaded.snapshot, changed=bool(changes.differing))

    def _find(self, table: str) -> Table | None:
        try:
            return self._catalog.load_table(table)
        except NoSuchTableError:
            return None

    def _create(self, contract: Contract) -> Table:
        namespace, _, _ = contract.table.partition(".")
        self._catalog.create_namespace_if_not_exists(namespace)
        table = self._catalog.create_table_if_not_exists(
            contract.table,
            schema=iceberg_schema(contract),
            partition_spec=iceberg_partitioning(contract),
            properties={"owner": contract.owner, VERSION: str(contract.version), **properties_of(contract)},
        )
        if not NO_BLIND_RETRY.items() <= table.properties.items():  # created by an older version
            with table.transaction() as change:
                change.set_properties(NO_BLIND_RETRY)
        return table


def open_lake(settings: Settings) -> Lake:
    """Open the lake of these settings; its folder and a SQLite catalog are created on first use."""
    place = settings.lake
    if not places.is_s3(place):
        place = str(Path(place).absolute())
        Path(place).mkdir(parents=True, exist_ok=True)
    given = {"uri": settings.lake_catalog, "warehouse": place, **_io_of_s3()}
    if settings.lake_catalog.startswith("http"):
        from pyiceberg.catalog.rest import RestCatalog  # late: it imports a client of HTTP

        given["warehouse"] = place if places.is_s3(place) else f"file://{place}"
        return Lake(RestCatalog("contender", **given))
    # The warehouse is a path, because PyIceberg ends the path of a URL at `#` or `?`.
    # Connections of the pool may be stale, because the catalog's database was restarted.
    with creation_lock(settings.lake_catalog):
        return Lake(SqlCatalog("contender", pool_pre_ping="true", **given))


def _io_of_s3() -> dict[str, str]:
    """Return PyIceberg's S3 options; it reads the credentials itself."""
    known = {"s3.endpoint": s3_endpoint(), "s3.region": s3_region()}
    return {name: value for name, value in known.items() if value}


def _newest_snapshot(table: Table) -> int | None:
    newest = table.current_snapshot()
    return None if newest is None else newest.snapshot_id
