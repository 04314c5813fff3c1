"""The batch of an ingestion: a new delivery, or a batch that a person has released from quarantine."""

from __future__ import annotations

from contender.admission.quarantine import find_quarantined
from contender.ingesting import land
from contender.installation import Installation
from contender.querying import Connect, refuse_connections
from contender.records import StagedBatch
from contender.specs import Days


def receive_batch(
    here: Installation,
    dataset: str,
    days: Days,
    quarantined: str | None,
    connect: Connect = refuse_connections,
) -> StagedBatch:
    """Stage the delivery of these days, or return the quarantined batch with this id.

    `connect` returns the URL of a connection that the dataset's query names.

    Raises what `land` raises, and UnknownBatchError when no batch, or more than one, has the id.
    """
    if quarantined:
        return find_quarantined(here, quarantined).batch
    return land(here.catalog.dataset(dataset), days, here.settings, connect)
