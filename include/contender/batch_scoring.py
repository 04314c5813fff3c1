"""Batch scoring: score nights with the champion according to the ledger. `serving` answers single requests."""

from __future__ import annotations

from contender.installation import Installation
from contender.promoting import follow_ledger
from contender.records import StagedBatch
from contender.scoring import score
from contender.specs import Days, ModelSpec
from contender.submitting import Submit


def score_by_ledger(
    installation: Installation, model: ModelSpec, nights: Days, submit: Submit | None = None
) -> StagedBatch:
    """Move the champion alias to the ledger's newest entry, and stage the champion's predictions.

    This completes a promotion that was interrupted between ledger and alias. `submit` starts the Spark job of many
    rows. Raises NoChampion before the first promotion, ScoringError if there are no features, and SparkError.
    """
    follow_ledger(model.name, installation.book, installation.registry)
    return score(installation, model, nights, submit)
