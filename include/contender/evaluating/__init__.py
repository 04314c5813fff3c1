"""Evaluate: champion, challenger and baseline on the same rows of days that none of them has seen."""

from contender.evaluating.compare import EvaluationError, evaluate, judged_days

__all__ = ["EvaluationError", "evaluate", "judged_days"]
