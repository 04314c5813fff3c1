"""Scoring: predict the next day's rows with the champion, and with other versions in shadow."""

from contender.scoring.score import (
    CannotPredict,
    NoChampion,
    Scorer,
    ScoringError,
    load_scorer,
    score,
    score_in_shadow,
)

__all__ = [
    "CannotPredict",
    "NoChampion",
    "Scorer",
    "ScoringError",
    "load_scorer",
    "score",
    "score_in_shadow",
]
