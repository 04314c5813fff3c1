"""Gate: holds a staged batch to its contract with Great Expectations, and sets aside what fails."""

from contender.gating.check import check
from contender.gating.on_spark import SPARK_SETTINGS, SparkError, check_by_size, run_task
from contender.gating.past import read_past
from contender.gating.quarantine import (
    Quarantined,
    QuarantineError,
    UnknownBatchError,
    apply_release,
    discard,
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
    "UnknownBatchError",
    "apply_release",
    "check",
    "check_by_size",
    "discard",
    "find_quarantined",
    "list_quarantined",
    "quarantine",
    "read_past",
    "release",
    "run_task",
]
