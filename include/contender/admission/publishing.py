"""The second step of admission: publish a checked batch once, and mark versions trained on replaced rows."""

from __future__ import annotations

from datetime import date

from contender.admission.superseding import mark_superseded
from contender.installation import Installation
from contender.lake import DayChanges, Published, retry_on_conflict
from contender.records import Publication, StagedBatch, publication_id
from contender.specs import Contract, Days


@retry_on_conflict
def publish_batch(here: Installation, batch: StagedBatch, run: str) -> Published:
    """Replace the table's rows of the batch's days in one commit, and record the publication.

    The intent is recorded before the commit, with the replaced days, and confirmed once the versions trained on those
    days are marked. A retry after a killed attempt therefore finds what is left to do, and recognises its own change
    by the intent of its run. After another writer's commit in between, it starts again on the new state. Raises
    LakeError for a table or a batch without the contract's columns.
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
    recorded = publications.get(own.id)
    corrected = recorded is not None and bool(recorded.replaced)
    return Published.of(batch, loaded.snapshot, changed=recorded is not None, corrected=corrected)


def intend_publication(batch: StagedBatch, run: str, changes: DayChanges) -> Publication:
    """Return the record of what publishing the batch will change."""
    return Publication(
        id=publication_id(batch, run),
        table=batch.table,
        days=batch.days,
        run=run,
        rows=batch.rows,
        fingerprint=batch.fingerprint,
        replaced=tuple(sorted(day for day in changes.replaced if day is not None)),
        engine=batch.engine,
    )


def needs_record(
    contract: Contract, batch: StagedBatch, changes: DayChanges, *, published_before: bool
) -> bool:
    """Return whether to record a publication: it changes rows, or is the first of closed days.

    Closed days have no rows that could differ, but their night waits for the publication.
    """
    closed = batch.rows == 0 and contract.open_days(batch.days) == 0
    return bool(changes.differing) or (closed and not published_before)


def should_announce(days: Days, *, changed: bool, newest: date | None) -> bool:
    """Return whether a publication starts downstream runs: it changes a single day, and the table has no later one.

    `newest` is the newest day of a daily table. Ranges (history, backfills) and corrections of older days start
    nothing: a person starts the runs that should follow.
    """
    return days.is_single and changed and (newest is None or newest <= days.last)


def starts_downstream(here: Installation, published: Published) -> bool:
    """Return whether a publication starts what depends on its table, by the newest day that the table holds now."""
    daily = here.catalog.contract(published.table).daily
    newest = here.lake.newest_day(published.table) if daily else None
    return should_announce(published.days, changed=published.changed, newest=newest)


def _finish(here: Installation, batch: StagedBatch) -> None:
    """Mark versions and confirm the publication, also for killed attempts to publish the same batch."""
    for left in here.book.publications.unconfirmed(batch.table, batch.days):
        if left.fingerprint == batch.fingerprint:
            mark_superseded(here, batch.table, left.replaced, left.fingerprint)
            here.book.publications.confirm(left.id)
