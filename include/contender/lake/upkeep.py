"""Keep tables from growing without limit: remove outdated days, old snapshots that are not pinned, and orphaned files.

Days are never merged into larger files. Because each day is one file, named by the digest of its bytes, publishing
equal rows again changes nothing, and a reader of one day reads one file. Manifests grow by one a night; small ones are
merged up to a size, which changes no row, no data file and no older snapshot. A reader of a few days skips the others
by the range of days in the list of manifests: of a single one for all years, it would read every entry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from zlib import crc32

from pydantic import Field
from pyiceberg.table.update.snapshot import UpdateSnapshot

from contender.lake.commits import day_of, retry_on_conflict, rows_of
from contender.lake.snapshots import SAFETY, Aged, delete, expire, find_unreferenced
from contender.lake.tables import Lake
from contender.settings import Settings
from contender.specs import Contract
from contender.specs.frozen import Frozen

MANIFESTS = 50  # small ones
MANIFEST_BYTES = 65_536  # the size up to which they are merged: about two hundred days of five columns


class TableState(Frozen):
    """The state of a table that upkeep is planned from."""

    table: str
    newest: str | None = Field(default=None, description="newest snapshot")
    snapshots: tuple[Aged, ...] = ()
    pinned: frozenset[str] = Field(
        default=frozenset(), description="snapshots that the book of record refers to"
    )
    days: tuple[date, ...] = Field(
        default=(), description="days of the newest snapshot; none are read without `retention_days`"
    )
    retention_days: int | None = None
    manifests: int = Field(default=0, description="small manifests of the newest snapshot")
    unreferenced: tuple[Aged, ...] = Field(default=(), description="files that no snapshot refers to")


class TableUpkeep(Frozen):
    """The planned or finished upkeep of a table."""

    table: str
    outdated: tuple[date, ...] = ()
    merge_manifests: bool = False
    expiring: tuple[str, ...] = ()
    kept_by_pins: int = 0
    orphans: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """Return the number of removed and kept items by kind."""
        return {
            "days": len(self.outdated),
            "snapshots": len(self.expiring),
            "kept_by_pins": self.kept_by_pins,
            "orphans": len(self.orphans),
            "manifests_merged": self.merge_manifests,
        }

    def summary(self) -> str:
        """Describe the upkeep in one line."""
        merged = ", manifests merged" if self.merge_manifests else ""
        return (
            f"{self.table}: {len(self.outdated)} days past their retention, {len(self.expiring)} snapshots expired, "
            f"{self.kept_by_pins} old ones kept by pins, {len(self.orphans)} orphaned files removed{merged}"
        )


def plan_upkeep(state: TableState, now: datetime, keep_snapshots: timedelta) -> TableUpkeep:
    """Plan the upkeep of a table.

    Retention of days counts back from the table's newest day, not from today: a feed that stopped, or a replay of an
    old year, must not empty its table. Age of snapshots counts from now; newest and pinned snapshots are kept.
    """
    old = {s.name for s in state.snapshots if s.since < now - keep_snapshots} - {state.newest}
    return TableUpkeep(
        table=state.table,
        outdated=_outdated(state.days, state.retention_days),
        merge_manifests=state.manifests > MANIFESTS,
        expiring=tuple(sorted(old - state.pinned)),
        kept_by_pins=len(old & state.pinned),
        orphans=tuple(sorted(file.name for file in state.unreferenced if file.since < now - SAFETY)),
    )


def maintain_table(
    lake: Lake,
    contract: Contract,
    pinned: Collection[int],
    keep_snapshots: timedelta | None,
    *,
    dry_run: bool = False,
) -> TableUpkeep:
    """Plan a table's upkeep, do it unless `dry_run`, and return the plan.

    `pinned` are the snapshots of the table that the book of record refers to; they are kept. If `keep_snapshots` is
    None, all are kept, and orphaned files, too: to find either, the lists of all files are read.
    """
    state = read_state(lake, contract, pinned, all_files=keep_snapshots is not None)
    plan = plan_upkeep(state, datetime.now(UTC), keep_snapshots or timedelta(0))
    if not dry_run:
        do_upkeep(lake, plan)
    return plan


class UpkeepForm(Frozen):
    """What a person may ask of the upkeep."""

    dry_run: bool = False
    all_files: bool = Field(default=False, description="expire snapshots and find orphans, whatever the day")


def maintain_by_settings(
    lake: Lake,
    contract: Contract,
    pinned: Collection[int],
    settings: Settings,
    form: UpkeepForm = UpkeepForm(),  # noqa: B008 - it is frozen
) -> TableUpkeep:
    """Maintain a table as `maintain_table` does, with the retention and the age of snapshots of the settings.

    Snapshots expire, and orphaned files are found, on the table's day of the week.
    """
    kept, keep_snapshots = _apply_settings(contract, settings)
    all_files = form.all_files or is_day_of_files(contract, datetime.now(UTC).date())
    return maintain_table(lake, kept, pinned, keep_snapshots if all_files else None, dry_run=form.dry_run)


def is_day_of_files(contract: Contract, day: date) -> bool:
    """Return whether the upkeep of a day reads the lists of all files of a table: they grow with its history.

    It does on one day of the week, not the same for all tables. A request log has a commit a minute: every day.
    """
    return contract.appended or (day.toordinal() + crc32(contract.table.encode())) % 7 == 0


def _apply_settings(contract: Contract, settings: Settings) -> tuple[Contract, timedelta]:
    """Return a contract with the retention that applies, and how long its table's snapshots are kept.

    A request log has a commit a minute, and no version is trained on it.
    """
    if not contract.appended:
        return contract, timedelta(days=settings.snapshot_days)
    kept = contract.model_copy(update={"retention_days": settings.request_log_days})
    return kept, timedelta(days=1)


def do_upkeep(lake: Lake, plan: TableUpkeep) -> None:
    """Apply a plan. Each step is one commit or deletes unreferenced files, so a killed run can be planned again."""
    table = lake.iceberg(plan.table)
    if table is None:
        return
    if plan.outdated:
        _delete_days(lake, plan.table, plan.outdated)
    if plan.merge_manifests:
        _merge_manifests(lake, plan.table)
    if plan.expiring:
        expire(lake, plan.table, map(int, plan.expiring))
    if plan.orphans:
        _delete_orphans(lake, plan.table, plan.orphans)


def read_state(
    lake: Lake, contract: Contract, pinned: Collection[int], *, all_files: bool = True
) -> TableState:
    """Read the state of a contract's table, with its snapshots and files if `all_files`; `pinned` ones are kept."""
    table = lake.iceberg(contract.table)
    newest = None if table is None else table.current_snapshot()
    if table is None or newest is None:
        return TableState(table=contract.table)
    return TableState(
        table=contract.table,
        newest=str(newest.snapshot_id),
        snapshots=tuple(
            Aged(name=str(s.snapshot_id), since=datetime.fromtimestamp(s.timestamp_ms / 1000, UTC))
            for s in table.snapshots()
            if all_files
        ),
        pinned=frozenset(map(str, pinned)),
        days=() if contract.retention_days is None else tuple(sorted(lake.days(contract.table))),
        retention_days=contract.retention_days,
        manifests=sum(one.manifest_length < MANIFEST_BYTES // 2 for one in newest.manifests(table.io)),
        unreferenced=tuple(find_unreferenced(table)) if all_files else (),
    )


def _outdated(days: Collection[date], retention_days: int | None) -> tuple[date, ...]:
    if not days or retention_days is None:
        return ()
    first_kept = max(days) - timedelta(days=retention_days - 1)
    return tuple(sorted(day for day in days if day < first_kept))


@retry_on_conflict
def _delete_days(lake: Lake, name: str, days: Iterable[date]) -> None:
    table = lake.iceberg(name)
    current = [] if table is None else [day_of(table, task.file) for task in table.scan().plan_files()]
    if table is not None and (existing := set(days) & set(current)):
        table.delete(rows_of(existing))


@retry_on_conflict
def _merge_manifests(lake: Lake, name: str) -> None:
    """Commit a snapshot of the same files with fewer manifests; restore the table's properties afterwards."""
    table = lake.iceberg(name)
    if table is None:
        return
    merging = {
        "commit.manifest-merge.enabled": "true",
        "commit.manifest.min-count-to-merge": "2",
        "commit.manifest.target-size-bytes": str(MANIFEST_BYTES),
    }
    before = {key: value for key, value in table.properties.items() if key in merging}
    with table.transaction() as change:
        change.set_properties(merging)
        UpdateSnapshot(change, table.io).merge_append().commit()
        change.remove_properties(*merging)
        if before:
            change.set_properties(before)


def _delete_orphans(lake: Lake, name: str, orphans: Collection[str]) -> None:
    """Delete those that are still unreferenced and old: a publication may have used one of them again since."""
    table = lake.iceberg(name)
    if table is not None:
        limit = datetime.now(UTC) - SAFETY
        delete({f.name for f in find_unreferenced(table) if f.since < limit} & set(orphans))
