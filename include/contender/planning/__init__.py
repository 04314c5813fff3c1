"""Plan the next night of a model, and follow tonight's: what it waits for, what it does, and how long that takes.

`read` and `read_tonight` collect records from the stores, and change nothing; everything else is pure functions of
them.
"""

from contender.planning.plan import NightPlan, plan_night
from contender.planning.read import read_plan
from contender.planning.read_tonight import read_tonight
from contender.planning.tonight import (
    NightRow,
    SeenRun,
    answer_tonight,
    combine,
    hide_unreadable,
    judge_night,
)

__all__ = [
    "NightPlan",
    "NightRow",
    "SeenRun",
    "answer_tonight",
    "combine",
    "hide_unreadable",
    "judge_night",
    "plan_night",
    "read_plan",
    "read_tonight",
]
