"""Scoring: predict the next day's rows with the champion, and with other versions in shadow."""

from contender.scoring.score import NoChampion, ScoringError, score, score_in_shadow

__all__ = ["NoChampion", "ScoringError", "score", "score_in_shadow"]
