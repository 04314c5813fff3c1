"""Drills: changes of the world, or faults of a feed, put into real rows to see what nights make of them."""

from contender.drilling.changes import Case, Change, DrillError, open_case, split_days
from contender.drilling.drills import DRILLS, Drill

__all__ = ["DRILLS", "Case", "Change", "Drill", "DrillError", "open_case", "split_days"]
