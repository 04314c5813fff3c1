"""Monitor: holds a scored day against its outcomes and its features against the weeks before, and concludes."""

from contender.monitoring.drift import Drift, compare_features
from contender.monitoring.performance import Performance, measure_performance
from contender.monitoring.triage import conclude, keep_conclusion, triage

__all__ = [
    "Drift",
    "Performance",
    "compare_features",
    "conclude",
    "keep_conclusion",
    "measure_performance",
    "triage",
]
