"""List and rewrite the data files of a table's newest snapshot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pyarrow as pa
from pyiceberg.table import Table

from contender.lake.commits import day_of, replace_days, retry_on_conflict
from contender.lake.staging import stage
from contender.lake.tables import Lake
from contender.records import StagedFile
from contender.specs import Contract, Days


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


@retry_on_conflict
def rewrite_days(
    lake: Lake,
    contract: Contract,
    staging: str,
    affected: Callable[[str], bool],
    rewritten: Callable[[pa.Table], pa.Table],
) -> None:
    """Rewrite the days whose file is `affected`, in one commit; a day without rows is removed.

    `affected` receives a file's path; `rewritten` receives a day's rows and returns the new ones.
    """
    table = lake.iceberg(contract.table)
    newest = None if table is None else table.current_snapshot()
    if table is None or newest is None:
        return
    files = {}
    for day in [day for day, file in current_files(table) if affected(file)]:
        span = None if day is None else Days.one(day)
        rows = rewritten(lake.read(contract, span, snapshot=newest.snapshot_id))
        # The rows of a table without days are staged under an arbitrary day.
        batch = stage(rows, contract, span or Days.one(date.min), staging)
        files[day] = next(iter(batch.files), StagedFile(day=day, path="", rows=0, digest=""))
    if files:
        with table.transaction() as change:
            replace_days(table, change, files)
