"""Batch scoring: score nights with the champion according to the ledger. `serving` answers single requests."""

from __future__ import annotations

from contender.installation import Installation
from contender.promoting import follow_ledger
from contender.records import StagedBatch
from contender.scoring import score
from contender.specs import Days, ModelSpec


def score_by_ledger(installation: Installation, model: ModelSpec, nights: Days) -> StagedBatch:
    """Move the champion alias to the ledger's newest entry, and stage the champion's predictions.

    This completes a promotion that was interrupted between ledger and alias. Raises NoChampion before the first
    promotion, and ScoringError if there are no features.
    """
    follow_ledger(model.name, installation.book, installation.registry)
    return score(installation, model, nights)
