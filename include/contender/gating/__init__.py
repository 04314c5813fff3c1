"""Gate: holds a staged batch to its contract with Great Expectations, and sets aside what fails."""

from contender.gating.check import check
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
    "Past",
    "QuarantineError",
    "Quarantined",
    "check",
    "discard",
    "excuse",
    "find_quarantined",
    "list_quarantined",
    "quarantine",
    "recall",
    "release",
]
