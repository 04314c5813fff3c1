"""Score: tomorrow's rows by the champion, and by tonight's challenger in the shadow."""

from contender.scoring.score import NoChampion, ScoringError, score, score_in_shadow

__all__ = ["NoChampion", "ScoringError", "score", "score_in_shadow"]
