"""Backfill: what a correction of old days touches, shown first and then done by ordinary runs, and nothing else."""

from contender.backfilling.apply import BackfillStoppedError, apply_backfill, is_done
from contender.backfilling.plan import BackfillError, BackfillPlan, Step, estimate, plan_backfill

__all__ = [
    "BackfillError",
    "BackfillPlan",
    "BackfillStoppedError",
    "Step",
    "apply_backfill",
    "estimate",
    "is_done",
    "plan_backfill",
]
