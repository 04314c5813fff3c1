"""The second step: make a gated batch its table's content, once, and do what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from contender.admission.superseding import mark_superseded
from contender.installation import Installation
from contender.lake import DayChanges, Published, retry_on_conflict
from contender.records import Publication, StagedBatch, publication_id
from contender.specs import Contract, Days


@retry_on_conflict
def publish_batch(here: Installation, batch: StagedBatch, run: str) -> Published:
    """Make the batch its table's content for its days, in one commit, with a record of it.

    The intent is recorded before the commit, with the days that lose their rows; it is confirmed once the versions
    fitted on those days are marked. So an attempt after a killed one finds what is left to do, and knows by the intent
    of its own run that the change was its own. Another writer's commit in between makes it start over on the new state.
    Raises LakeError for a table or a batch that does not have the contract's columns.
    """
    contract, publications = here.catalog.contract(batch.table), here.book.publications
    loaded = here.lake.load_days(contract, batch.days)
    changes = loaded.compare(batch)
    own = intend_publication(batch, run, changes)
    if needs_record(
        contract, batch, changes, published_before=publications.contains(batch.table, batch.days)
    ):
        publications.intend(own)
        if changes.differing:
            loaded.replace(batch, changes)
    _finish(here, batch)
    return Published.of(batch, loaded.snapshot, changed=publications.get(own.id) is not None)


def intend_publication(batch: StagedBatch, run: str, changes: DayChanges) -> Publication:
    """Return the record of what publishing the batch is about to change."""
    return Publication(
        id=publication_id(batch, run),
        table=batch.table,
        days=batch.days,
        run=run,
        rows=batch.rows,
        fingerprint=batch.fingerprint,
        replaced=tuple(sorted(day for day in changes.replaced if day is not None)),
    )


def needs_record(
    contract: Contract, batch: StagedBatch, changes: DayChanges, *, published_before: bool
) -> bool:
    """Return whether a publication is news: it changes rows, or is the first of days that the contract declares closed.

    Closed days have no rows that could differ, and yet the night waits for them.
    """
    closed = batch.rows == 0 and contract.open_days(batch.days) == 0
    return bool(changes.differing) or (closed and not published_before)


def should_announce(days: Days, *, changed: bool, held: Sequence[date]) -> bool:
    """Return whether a publication starts anything downstream: one new or corrected day, and no later day is held.

    A range (history, a backfill) and the correction of an older day publish without starting anything: a person starts
    what should follow, for the days that person names.
    """
    return days.is_single and changed and not any(day > days.last for day in held)


def starts_downstream(here: Installation, published: Published) -> bool:
    """Return whether a publication starts what depends on its table, by the days that the table holds now."""
    daily = here.catalog.contract(published.table).daily
    held = here.lake.days(published.table) if daily else []
    return should_announce(published.days, changed=published.changed, held=held)


def _finish(here: Installation, batch: StagedBatch) -> None:
    """Do what follows from the commit, also for other attempts at this batch that were killed before they could."""
    for left in here.book.publications.unconfirmed(batch.table, batch.days):
        if left.fingerprint == batch.fingerprint:
            mark_superseded(here, batch.table, left.replaced, left.fingerprint)
            here.book.publications.confirm(left.id)
