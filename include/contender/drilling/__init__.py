"""Drills: changes of the world, or faults of a feed, put into real rows to see what nights make of them."""

from contender.drilling.changes import Case, Change, DrillError, open_case, split_days
from contender.drilling.drills import DRILLS, Drill
from contender.drilling.plan import DEFAULT_NIGHTS, Plan, plan_drill
from contender.drilling.report import describe_finding, draw_drill, render_drill
from contender.drilling.result import STRATEGIES, DrilledNight, DrillResult, Mail
from contender.drilling.run import count_steps, run_drill

__all__ = [
    "DEFAULT_NIGHTS",
    "DRILLS",
    "STRATEGIES",
    "Case",
    "Change",
    "Drill",
    "DrillError",
    "DrillResult",
    "DrilledNight",
    "Mail",
    "Plan",
    "count_steps",
    "describe_finding",
    "draw_drill",
    "open_case",
    "plan_drill",
    "render_drill",
    "run_drill",
    "split_days",
]
