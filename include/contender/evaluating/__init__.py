"""Evaluate: champion, challengers and baseline on the same rows of days that none of them has seen."""

from contender.evaluating.compare import EvaluationError, Predicted, evaluate, is_fair, judge, judged_days
from contender.evaluating.examine import Examined, check_behaviour, examine
from contender.evaluating.pair import NIGHTS_MADE_UP, pair_day, pair_days, pair_scores
from contender.evaluating.remember import with_usual_change

__all__ = [
    "NIGHTS_MADE_UP",
    "EvaluationError",
    "Examined",
    "Predicted",
    "check_behaviour",
    "evaluate",
    "examine",
    "is_fair",
    "judge",
    "judged_days",
    "pair_day",
    "pair_days",
    "pair_scores",
    "with_usual_change",
]
