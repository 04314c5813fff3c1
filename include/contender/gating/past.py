"""Read the days before a batch: their row counts and profiles; missing profiles are computed."""

from __future__ import annotations

from contender.gating.usual import RECENT_DAYS, WEEKS, Past
from contender.lake import Lake
from contender.profiles import profile_staged, read_profiles
from contender.records import Book, StagedBatch
from contender.specs import Contract, Days


def read_past(contract: Contract, batch: StagedBatch, lake: Lake, book: Book) -> Past | None:
    """Return the batch's profile and its table's past; None for closed days and tables without `usual`.

    The past of a range has only row counts.
    """
    if contract.usual is None or contract.open_days(batch.days) == 0:
        return None
    day = batch.days.first
    before = Days.one(day).reaching_back(7 * WEEKS).shifted(-1)
    held = lake.day_files(contract.table, before)
    if not batch.days.is_single:
        rows = {then: file.rows for then, file in held.items()}
        return Past(today=None, closed=contract.closed, rows=rows, profiles=())
    recent = Days.one(day).reaching_back(RECENT_DAYS - 1).shifted(-1)
    return Past(
        today=profile_staged(contract, batch, day),
        closed=contract.closed,
        rows={then: file.rows for then, file in held.items()},
        profiles=tuple(
            read_profiles(
                contract, {then: file for then, file in held.items() if then in recent}, lake, book
            ).values()
        ),
    )
