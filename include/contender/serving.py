"""Serving: scores nights with the version that the ledger names."""

from __future__ import annotations

from contender.installation import Installation
from contender.promoting import follow_ledger
from contender.records import StagedBatch
from contender.scoring import score
from contender.specs import Days


def score_by_ledger(model: str, nights: Days, installation: Installation) -> StagedBatch:
    """Stage the champion's predictions, once the registry's alias is where the ledger says.

    So a promotion that was cut short between ledger and alias is completed before anything is served. Raises
    NoChampion before the first promotion, and ScoringError without features.
    """
    lake, registry = installation.lake, installation.registry
    follow_ledger(model, installation.book, registry)
    return score(installation.catalog.model(model), nights, lake, registry, installation.settings)
