"""Gate: holds a staged batch to its contract with Great Expectations, and sets aside what fails."""

from contender.gating.check import check
from contender.gating.quarantine import quarantine

__all__ = ["check", "quarantine"]
