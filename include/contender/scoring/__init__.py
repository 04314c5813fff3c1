"""Scoring: predict the next day's rows with the champion, and with other versions in shadow."""

from contender.scoring.on_spark import run_task
from contender.scoring.score import NoChampion, score, score_in_shadow
from contender.scoring.scorer import CannotPredict, Scorer, ScoringError, load_scorer

__all__ = [
    "CannotPredict",
    "NoChampion",
    "Scorer",
    "ScoringError",
    "load_scorer",
    "run_task",
    "score",
    "score_in_shadow",
]
