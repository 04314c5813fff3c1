"""Evaluate: champion, challengers and baseline on the same rows of days that none of them has seen."""

from contender.evaluating.compare import EvaluationError, evaluate, judged_days
from contender.evaluating.pair import pair_days

__all__ = ["EvaluationError", "evaluate", "judged_days", "pair_days"]
