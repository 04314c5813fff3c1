"""Serving: score nights with the version that the ledger names."""

from __future__ import annotations

from contender.installation import Installation
from contender.promoting import follow_ledger
from contender.records import StagedBatch
from contender.scoring import score
from contender.specs import Days, ModelSpec


def score_by_ledger(installation: Installation, model: ModelSpec, nights: Days) -> StagedBatch:
    """Stage the champion's predictions, once the registry's alias is where the ledger says.

    A promotion that was cut short between ledger and alias is completed before anything is served. Raises NoChampion
    before the first promotion, and ScoringError without features.
    """
    follow_ledger(model.name, installation.book, installation.registry)
    return score(installation, model, nights)
