"""Append rows to the days of a table, from several processes at once."""

from __future__ import annotations

from contender.lake.commits import copy_into, retry_on_conflict
from contender.lake.history import describe_commit
from contender.lake.tables import Lake
from contender.records import StagedBatch
from contender.specs import Contract


@retry_on_conflict
def append(lake: Lake, contract: Contract, batch: StagedBatch) -> None:
    """Add the files of a batch to their days, in one commit; appending the same batch again changes nothing.

    Other commits in between are kept: the append is retried on the new snapshot. Raises LakeError if the table does
    not have the contract's columns.
    """
    loaded = lake.load_days(contract, batch.days)
    new = [f for f in batch.files if f.rows and f.digest not in loaded.digests.get(f.day, frozenset())]
    if new:
        paths = [copy_into(loaded.table, file) for file in new]
        with loaded.table.transaction() as change:
            change.add_files(paths, snapshot_properties=describe_commit(batch), check_duplicate_files=False)
