"""The ML Test Score of a model: 28 tests of its readiness, each a query over the records and the catalog."""

from contender.scorecard.evidence import Evidence, ReplayResult, TestRun
from contender.scorecard.findings import Finding, Score
from contender.scorecard.read import read_evidence
from contender.scorecard.rubric import RUBRIC, SECTIONS, Scorecard, ScoredTest, Section, score

__all__ = [
    "RUBRIC",
    "SECTIONS",
    "Evidence",
    "Finding",
    "ReplayResult",
    "Score",
    "Scorecard",
    "ScoredTest",
    "Section",
    "TestRun",
    "read_evidence",
    "score",
]
