"""The batch of an ingestion: a new delivery, or a batch that a person has released from quarantine."""

from __future__ import annotations

from contender.admission.quarantine import find_quarantined
from contender.ingesting import land
from contender.installation import Installation
from contender.records import StagedBatch
from contender.specs import Days


def receive_batch(here: Installation, dataset: str, days: Days, quarantined: str | None) -> StagedBatch:
    """Stage the delivery of these days, or return the quarantined batch with this id.

    Raises what `land` raises, and UnknownBatchError when no batch, or more than one, has the id.
    """
    if quarantined:
        return find_quarantined(here, quarantined).batch
    return land(here.catalog.dataset(dataset), days, here.settings)
