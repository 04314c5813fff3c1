"""Gate: holds a staged batch to its contract with Great Expectations, and sets aside what fails."""

from contender.gating.check import check
from contender.gating.past import recall
from contender.gating.quarantine import quarantine
from contender.gating.usual import Past

__all__ = ["Past", "check", "quarantine", "recall"]
