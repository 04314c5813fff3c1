"""Tuning: search a recipe's parameters on past days, and propose a recipe that then competes as a rival."""

from contender.tuning.figures import Trial, Tuned
from contender.tuning.judge import Proposal, judge
from contender.tuning.search import Budget, TuningError, tune
from contender.tuning.space import Choice, Range, Space, SpaceError, default_space, read_space

__all__ = [
    "Budget",
    "Choice",
    "Proposal",
    "Range",
    "Space",
    "SpaceError",
    "Trial",
    "Tuned",
    "TuningError",
    "default_space",
    "judge",
    "read_space",
    "tune",
]
