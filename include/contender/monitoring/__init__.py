"""Monitoring: measure a scored day's predictions, compare its features with earlier weeks, and give a verdict."""

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
