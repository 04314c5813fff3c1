"""Replace whole days of a table in one commit; retry if another commit changed the snapshot it was computed from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from pathlib import Path

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import AlwaysTrue, BooleanExpression, Or
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, TableProperties, Transaction
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from contender.lake import places
from contender.lake.fit import LakeError, find_stale
from contender.lake.history import describe_commit
from contender.lake.scanning import between, plan_files, scan_days
from contender.records import StagedBatch, StagedFile
from contender.specs import Contract, Days, group_days
from contender.specs.frozen import Frozen

# Both exceptions mean that another writer committed in between; the commit is computed again on the new snapshot.
retry_on_conflict = retry(
    retry=retry_if_exception_type((CommitFailedException, ValidationException)),
    wait=wait_random_exponential(multiplier=0.1, max=5),
    stop=stop_after_attempt(8),
    reraise=True,
)

# PyIceberg's own retry would append the files of a new day to any newer snapshot, so that two concurrent first
# deliveries of a day would both be kept. It is disabled; `retry_on_conflict` compares the days again instead.
NO_BLIND_RETRY = {TableProperties.COMMIT_NUM_RETRIES: "0"}

# A table that is appended to has a commit a minute: small manifests are merged, and old metadata files deleted.
_OF_APPENDED = {
    TableProperties.MANIFEST_MERGE_ENABLED: "true",
    TableProperties.METADATA_DELETE_AFTER_COMMIT_ENABLED: "true",
    TableProperties.METADATA_PREVIOUS_VERSIONS_MAX: "20",
}
_EPOCH = date(1970, 1, 1)
_DAYS_A_MANIFEST = 31


def properties_of(contract: Contract) -> dict[str, str]:
    """Return the properties of a new table that decide how it is committed to."""
    return NO_BLIND_RETRY | (_OF_APPENDED if contract.appended else {})


class DayChanges(Frozen):
    """The days whose content differs between a table and a batch; None stands for a table without days."""

    differing: frozenset[date | None] = frozenset()
    replaced: frozenset[date | None] = frozenset()


@dataclass(frozen=True)
class LoadedDays:
    """Some days of a table at one snapshot; a commit on them fails if the table has changed since."""

    contract: Contract
    table: Table
    digests: Mapping[date | None, frozenset[str]]

    @property
    def snapshot(self) -> int | None:
        """The loaded snapshot, or the snapshot of the commit that was made on it."""
        newest = self.table.current_snapshot()
        return None if newest is None else newest.snapshot_id

    def compare(self, batch: StagedBatch) -> DayChanges:
        """Return the days that publishing the batch would change. Raises LakeError if it has rows of other days."""
        if self.contract.daily and any(file.day is None for file in batch.files):
            raise LakeError(f"{batch.table} {batch.days.key}: the batch contains rows of other days")
        return compare_days(self.digests, batch)

    def replace(self, batch: StagedBatch, changes: DayChanges) -> None:
        """Replace the content of the differing days by the batch, in one commit.

        Files are copied into the table's folder and named by their digest. An attempt that is killed before its
        commit leaves only files that the next attempt uses.
        """
        new = [file for file in batch.files if file.day in changes.differing]
        if stale := find_stale(self.contract, new):
            raise LakeError(stale)
        paths = [copy_into(self.table, file) for file in new if file.rows]
        described = describe_commit(batch)
        with self.table.transaction() as change:
            if changes.replaced:
                change.delete(rows_of(changes.replaced), snapshot_properties=described)
            # One manifest per month: a later change of one day rewrites a small manifest, not one of ten years.
            for first in range(0, len(paths), _DAYS_A_MANIFEST):
                change.add_files(
                    paths[first : first + _DAYS_A_MANIFEST],
                    snapshot_properties=described,
                    check_duplicate_files=False,
                )


def compare_days(current: Mapping[date | None, frozenset[str]], batch: StagedBatch) -> DayChanges:
    """Return the days whose files differ between a table (digests by day) and a batch."""
    staged = {file.day: frozenset({file.digest}) for file in batch.files if file.rows}
    differing = frozenset(day for day in {*current, *staged} if current.get(day) != staged.get(day))
    return DayChanges(differing=differing, replaced=differing & current.keys())


def digests_of(table: Table, days: Days) -> dict[date | None, frozenset[str]]:
    """Return the digests of a table's files by day, taken from the file names."""
    found: dict[date | None, frozenset[str]] = {}
    if table.current_snapshot() is None:
        return found
    for task in plan_files(scan_days(table, days if table.spec().fields else None)):
        day, digest = day_of(table, task.file), Path(task.file.file_path).stem
        found[day] = found.get(day, frozenset()) | {digest}
    return found


def day_of(table: Table, file: DataFile) -> date | None:
    """Return the day of a data file; None in a table that is not partitioned by day."""
    return _EPOCH + timedelta(days=file.partition[0]) if table.spec().fields else None


def copy_into(table: Table, file: StagedFile) -> str:
    """Copy a staged file into a table's folder, named by its digest, and return its new path."""
    part = f"day={file.day}/" if file.day else ""
    target = f"{table.location()}/data/{part}{file.digest}.parquet"
    # Written whole or not at all: another run that publishes the same rows reads this very file.
    places.copy(file.path, places.plain(target))
    return target


def replace_days(table: Table, change: Transaction, files: Mapping[date | None, StagedFile]) -> None:
    """Replace days by new files in an open transaction; a file without rows removes its day."""
    paths = [copy_into(table, file) for file in files.values() if file.rows]
    change.delete(rows_of(files))
    if paths:
        change.add_files(paths, check_duplicate_files=False)


def rows_of(days: Iterable[date | None]) -> BooleanExpression:
    """Return the filter for all rows of some days; for a table without days, the filter for all rows."""
    known = [day for day in days if day is not None]
    if not known:
        return AlwaysTrue()
    return reduce(Or, map(between, group_days(known)))
