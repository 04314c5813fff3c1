"""Gate: holds a staged batch to its contract with Great Expectations, and sets aside what fails."""

from contender.gating.check import check
from contender.gating.on_spark import SPARK_SETTINGS, SparkError, check_by_size, run_task
from contender.gating.past import recall
from contender.gating.quarantine import (
    Quarantined,
    QuarantineError,
    discard,
    excuse,
    find_quarantined,
    list_quarantined,
    quarantine,
    release,
)
from contender.gating.usual import Past

__all__ = [
    "SPARK_SETTINGS",
    "Past",
    "QuarantineError",
    "Quarantined",
    "SparkError",
    "check",
    "check_by_size",
    "discard",
    "excuse",
    "find_quarantined",
    "list_quarantined",
    "quarantine",
    "recall",
    "release",
    "run_task",
]
