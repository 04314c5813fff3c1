"""Plan the backfill of corrected old days, and execute it with ordinary runs."""

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
