"""Evaluate: champion, challengers and baseline on the same rows of days that none of them has seen."""

from contender.evaluating.compare import EvaluationError, Predicted, evaluate, judge, judged_days
from contender.evaluating.pair import NIGHTS_MADE_UP, pair_day, pair_days, pair_scores

__all__ = [
    "NIGHTS_MADE_UP",
    "EvaluationError",
    "Predicted",
    "evaluate",
    "judge",
    "judged_days",
    "pair_day",
    "pair_days",
    "pair_scores",
]
