"""Migrate a table from an older version of its contract to the current one.

Every data file is rewritten. Spark and DuckDB read lists of files and take column names and types from them, so all
files of a snapshot must have the same schema; and Iceberg does not convert integers to doubles when reading.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import Table, Transaction

from contender.lake.commits import copy_into, day_of, retry_on_conflict
from contender.lake.fit import VERSION, LakeError, find_undeclared, version_of
from contender.lake.schema import iceberg_type
from contender.lake.staging import stage
from contender.lake.tables import Lake
from contender.records.acts import Acts
from contender.specs import Added, Change, Contract, Days, Renamed, Widened
from contender.specs.frozen import Frozen


class Migration(Frozen):
    """The changes between two versions of a table."""

    table: str
    version_before: int
    version_after: int
    changes: tuple[Change, ...]

    def summary(self) -> str:
        """Describe the migration in one line."""
        changes = ", ".join(_describe(change) for change in self.changes)
        return f"{self.table}: version {self.version_before} to {self.version_after}: {changes}"


def plan_migration(lake: Lake, contract: Contract) -> Migration | None:
    """Return the migration that a table needs, or None if it is up to date or does not exist.

    Raises LakeError when the table differs from its contract by more than the declared changes.
    """
    table = lake.iceberg(contract.table)
    if table is None:
        return None
    if trouble := find_undeclared(table, contract):
        raise LakeError(trouble)
    version = version_of(table)
    if version == contract.version:
        return None
    return Migration(
        table=contract.table,
        version_before=version,
        version_after=contract.version,
        changes=tuple(change for change in contract.changes if change.version > version),
    )


def migrate_table(lake: Lake, acts: Acts, contract: Contract, staging: str, by: str) -> Migration | None:
    """Apply the migration of `plan_migration` in one commit, and record it in `acts`. Return None if there is none.

    The act is recorded as begun before the commit, so that an attempt after a killed one can complete the record. Older
    snapshots keep their columns and stay readable. Raises LakeError as `plan_migration` does, and pyarrow.ArrowInvalid
    if a value does not fit its wider type.
    """
    planned, begun = plan_migration(lake, contract), _begun(contract.table, acts)
    if planned is None:
        if begun is not None:
            _record(begun, "done", by, acts)
        return begun
    if begun != planned:
        _record(planned, "begun", by, acts)
    _migrate(lake, contract, planned, staging)
    _record(planned, "done", by, acts)
    return planned


@retry_on_conflict
def _migrate(lake: Lake, contract: Contract, planned: Migration, staging: str) -> None:
    table = lake.iceberg(planned.table)
    if table is None or version_of(table) != planned.version_before:
        return
    paths = _write_again(table, contract, planned, staging)
    with table.transaction() as change:
        for step in planned.changes:
            _change_schema(change, step, contract)
        if paths:
            # Delete all rows: if a day with the old columns is added meanwhile, the commit conflicts and is retried.
            change.delete(AlwaysTrue())
            change.add_files(paths, check_duplicate_files=False)
        change.set_properties({VERSION: str(planned.version_after)})


def _write_again(table: Table, contract: Contract, planned: Migration, staging: str) -> list[str]:
    """Write the current rows with the new columns into the table's folder, one day at a time; return the paths."""
    if table.current_snapshot() is None:
        return []
    paths = []
    for task in table.scan().plan_files():
        day = day_of(table, task.file)
        # The rows of a table without days are staged under an arbitrary day.
        rows = _with_changes(_read(table, day), planned.changes)
        batch = stage(rows, contract, Days.one(day or date.min), staging)
        paths += [copy_into(table, file) for file in batch.files if file.rows]
    return paths


def _read(table: Table, day: date | None) -> pa.Table:
    rows = table.scan() if day is None else table.scan(row_filter=f"day = '{day}'")
    return rows.to_arrow()


def _with_changes(rows: pa.Table, changes: tuple[Change, ...]) -> pa.Table:
    """Return the rows with their new column names; staging casts them to the new types."""
    for change in changes:
        match change:
            case Added():
                rows = rows.append_column(change.column, pa.nulls(rows.num_rows))
            case Renamed():
                names = [change.column if name == change.was else name for name in rows.column_names]
                rows = rows.rename_columns(names)
    return rows


def _change_schema(transaction: Transaction, change: Change, contract: Contract) -> None:
    kind = iceberg_type(contract.types_at(change.version)[_name_at(change, contract)])
    with transaction.update_schema(allow_incompatible_changes=True) as schema:
        match change:
            case Added():
                schema.add_column(change.column, kind, doc=_description(change.column, contract))
            case Renamed():
                schema.rename_column(change.was, change.column)
            case Widened():
                schema.update_column(change.column, kind)


def _name_at(change: Change, contract: Contract) -> str:
    """Return the name of the changed column after all changes of the same version."""
    name = change.column
    after = contract.changes[contract.changes.index(change) :]
    for later in after:
        if isinstance(later, Renamed) and later.was == name and later.version == change.version:
            name = later.column
    return name


def _description(name: str, contract: Contract) -> str | None:
    return next((column.description for column in contract.columns if column.name == name), None)


def _begun(table: str, acts: Acts) -> Migration | None:
    """Return the migration that an earlier attempt began and did not record as done."""
    act = acts.begun("migrated", table)
    return None if act is None else Migration.model_validate(act.detail["migration"])


def _record(migration: Migration, state: Literal["begun", "done"], by: str, acts: Acts) -> None:
    acts.record(
        "migrated",
        migration.table,
        f"version {migration.version_before} to {migration.version_after}",
        by,
        migration.summary(),
        {"state": state, "migration": migration.model_dump(mode="json")},
    )


def _describe(change: Change) -> str:
    if isinstance(change, Added):
        return f"{change.column} added"
    return f"{change.column} {change.change} from {change.was}"
