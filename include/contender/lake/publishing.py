"""Publishes a gated batch and says whether those downstream are to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from contender.lake.tables import Lake, Published
from contender.records import Book, Publication, StagedBatch, publication_id
from contender.specs import Contract, Days


def publish(lake: Lake, book: Book, contract: Contract, batch: StagedBatch, run: str) -> Published:
    """Make the batch part of its table, with a record of it.

    The record is written before the commit: an attempt after a killed one finds the table as wanted and the
    record of this very run beside it, and so knows that the change was its own.
    """
    intended = publication_id(batch, run)
    if lake.holds(batch) and not _first_word_of_closed_days(contract, batch, book):
        ours = book.publications.get(intended) is not None
        if ours:
            book.publications.confirm(intended)
        return Published(
            table=batch.table,
            days=batch.days,
            snapshot=lake.snapshot(batch.table),
            rows=batch.rows,
            changed=ours,
        )
    book.publications.intend(
        Publication(
            id=intended,
            table=batch.table,
            days=batch.days,
            run=run,
            rows=batch.rows,
            fingerprint=batch.fingerprint,
        )
    )
    published = lake.publish(contract, batch)
    book.publications.confirm(intended)
    return published.model_copy(update={"changed": True})


def _first_word_of_closed_days(contract: Contract, batch: StagedBatch, book: Book) -> bool:
    """Whether these days are closed and were never published: no row tells so, and yet a night waits for it."""
    closed = batch.rows == 0 and contract.open_days(batch.days) == 0
    return closed and not book.publications.contains(batch.table, batch.days)


def should_announce(days: Days, *, changed: bool, held: Sequence[date]) -> bool:
    """Whether a publication starts what hangs on it: one new or corrected day, and none after it is there.

    A range (history, a backfill) and the correction of an old day publish without starting anything: what
    should follow from them is started by a person, for the days that person names.
    """
    return days.is_single and changed and not any(day > days.last for day in held)


def starts_downstream(published: Published, contract: Contract, lake: Lake) -> bool:
    """Whether a publication starts what depends on its table, by the days that the table holds now."""
    held = lake.days(published.table) if contract.daily else []
    return should_announce(published.days, changed=published.changed, held=held)
