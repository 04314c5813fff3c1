"""Plan the next night of a model: what it waits for, what it would do, and what it is expected to cost.

`read` collects records from the stores; everything else is pure functions of them. Nothing is changed.
"""

from contender.planning.plan import NightPlan, plan_night
from contender.planning.read import read_plan

__all__ = ["NightPlan", "plan_night", "read_plan"]
