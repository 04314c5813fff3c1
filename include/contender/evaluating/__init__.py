"""Evaluation: measure challengers, champion and baseline on the same rows, which none of them was trained on."""

from contender.evaluating.criteria import CRITERIA_FILES, Criteria, fingerprint_criteria, read_criteria
from contender.evaluating.evaluate import EvaluationError, Pipelines, evaluate, judge_pipelines
from contender.evaluating.examine import Examined, check_behaviour, examine
from contender.evaluating.intervals import interval_by_day
from contender.evaluating.judge import Contestants, Observed, Predicted, is_fair, judge, judged_days
from contender.evaluating.outcomes import agree_on, find_outcome_change, served_days
from contender.evaluating.pair import (
    ScoredDay,
    Streams,
    days_to_pair,
    find_absent,
    first_paired_days,
    pair_day,
    pair_days,
    pair_scores,
)
from contender.evaluating.remember import with_usual_change

__all__ = [
    "CRITERIA_FILES",
    "Contestants",
    "Criteria",
    "EvaluationError",
    "Examined",
    "Observed",
    "Pipelines",
    "Predicted",
    "ScoredDay",
    "Streams",
    "agree_on",
    "check_behaviour",
    "days_to_pair",
    "evaluate",
    "examine",
    "find_absent",
    "find_outcome_change",
    "fingerprint_criteria",
    "first_paired_days",
    "interval_by_day",
    "is_fair",
    "judge",
    "judge_pipelines",
    "judged_days",
    "pair_day",
    "pair_days",
    "pair_scores",
    "read_criteria",
    "served_days",
    "with_usual_change",
]
