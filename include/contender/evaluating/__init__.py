"""Evaluate: champion, challengers and baseline on the same rows of days that none of them has seen."""

from contender.evaluating.compare import EvaluationError, Predicted, evaluate, judge, judged_days
from contender.evaluating.pair import pair_day, pair_days

__all__ = [
    "EvaluationError",
    "Predicted",
    "evaluate",
    "judge",
    "judged_days",
    "pair_day",
    "pair_days",
]
