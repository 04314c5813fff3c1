"""Check a staged batch against its contract with Great Expectations, and against the table's previous days."""

from contender.gating.check import check
from contender.gating.on_spark import check_by_size, run_task
from contender.gating.past import read_past
from contender.gating.usual import Past

__all__ = [
    "Past",
    "check",
    "check_by_size",
    "read_past",
    "run_task",
]
