"""Puts other rows in the place of some days of a table, on the very state of it that they were made from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, Transaction
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from contender.lake.tables import _EPOCH, _copy, _rows_of
from contender.records import StagedFile

# Both say that another writer's commit came between: what was computed from the old state is computed again.
on_the_newest_state = retry(
    retry=retry_if_exception_type((CommitFailedException, ValidationException)),
    wait=wait_random_exponential(multiplier=0.1, max=5),
    stop=stop_after_attempt(8),
    reraise=True,
)


def day_of(table: Table, file: DataFile) -> date | None:
    """The day that a data file holds; None in a table that is not partitioned by day."""
    return _EPOCH + timedelta(days=file.partition[0]) if table.spec().fields else None


def replace_days(table: Table, change: Transaction, files: Mapping[date | None, StagedFile]) -> None:
    """Replace these days, in an open transaction, by files of other rows; a file without rows removes its day."""
    paths = [_copy(table, file) for file in files.values() if file.rows]
    change.delete(_rows_of(files))
    if paths:
        change.add_files(paths, check_duplicate_files=False)
