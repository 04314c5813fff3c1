"""Monitoring: compare a day with recent days, measure its predictions, give a verdict, and draw a report.

`contender.monitoring.report` is imported by itself, since only the report needs Evidently.
"""

from contender.monitoring.changes import Changes
from contender.monitoring.days import compare_day, compare_profiles, compare_staged, recent_days
from contender.monitoring.performance import Performance, measure_performance
from contender.monitoring.triage import Signals, conclude, keep_conclusion, triage

__all__ = [
    "Changes",
    "Performance",
    "Signals",
    "compare_day",
    "compare_profiles",
    "compare_staged",
    "conclude",
    "keep_conclusion",
    "measure_performance",
    "recent_days",
    "triage",
]
