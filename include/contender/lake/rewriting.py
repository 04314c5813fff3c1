"""List and rewrite the data files of a table's newest snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

import pyarrow as pa
from pyiceberg.table import Table

from contender.lake.commits import day_of, replace_days, retry_on_conflict
from contender.lake.staging import stage
from contender.lake.tables import Lake
from contender.records import StagedFile
from contender.specs import Contract, Days

DayFiles = Mapping[date | None, Sequence[str]]


def names_of_column(lake: Lake, contract: Contract, column: str) -> frozenset[str]:
    """Return all names that a column has had: older snapshots contain it under its former names."""
    table = lake.iceberg(contract.table)
    if table is None or column not in table.schema().column_names:
        return frozenset({column})
    field = table.schema().find_field(column).field_id
    found = {schema.find_column_name(field) for schema in table.schemas().values()}
    return frozenset({column, *filter(None, found)})


def current_files(table: Table) -> list[tuple[date | None, str]]:
    """Return the day and the path of each file of the newest snapshot, ordered by day."""
    files = ((day_of(table, task.file), task.file.file_path) for task in table.scan().plan_files())
    return sorted(files, key=lambda found: str(found[0]))


def merge_days(lake: Lake, contract: Contract, before: date, staging: str) -> None:
    """Rewrite the days before this one that have several files as one file each. Their rows stay the same."""

    def affected(files: DayFiles) -> list[date | None]:
        return [day for day, paths in files.items() if day is not None and day < before and len(paths) > 1]

    rewrite_days(lake, contract, staging, affected, lambda rows: rows)


def unmerged_days(lake: Lake, contract: Contract) -> list[date]:
    """Return the days that have several files, in order."""
    table = lake.iceberg(contract.table)
    files = {} if table is None or table.current_snapshot() is None else _by_day(current_files(table))
    return sorted(day for day, paths in files.items() if day is not None and len(paths) > 1)


def _by_day(files: Iterable[tuple[date | None, str]]) -> DayFiles:
    found: dict[date | None, list[str]] = {}
    for day, path in files:
        found.setdefault(day, []).append(path)
    return found


@retry_on_conflict
def rewrite_days(
    lake: Lake,
    contract: Contract,
    staging: str,
    affected: Callable[[DayFiles], Iterable[date | None]],
    rewritten: Callable[[pa.Table], pa.Table],
) -> None:
    """Rewrite the `affected` days as one file each, in one commit; a day without rows is removed.

    `affected` receives the files of each day; `rewritten` receives a day's rows and returns the new ones.
    """
    table = lake.iceberg(contract.table)
    newest = None if table is None else table.current_snapshot()
    if table is None or newest is None:
        return
    files = {}
    for day in affected(_by_day(current_files(table))):
        span = None if day is None else Days.one(day)
        rows = rewritten(lake.read(contract, span, snapshot=newest.snapshot_id))
        # The rows of a table without days are staged under an arbitrary day.
        batch = stage(rows, contract, span or Days.one(date.min), staging)
        files[day] = next(iter(batch.files), StagedFile(day=day, path="", rows=0, digest=""))
    if files:
        with table.transaction() as change:
            replace_days(table, change, files)
