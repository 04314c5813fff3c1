"""Features: plan a build on pinned snapshots, run it on an engine, and stage the result."""

from contender.featurizing.leaks import Checked, Leak, find_leaks
from contender.featurizing.plan import Plan, choose_engine, plan_features
from contender.featurizing.run import BuildError, collect, run_in_process, run_on_spark

__all__ = [
    "BuildError",
    "Checked",
    "Leak",
    "Plan",
    "choose_engine",
    "collect",
    "find_leaks",
    "plan_features",
    "run_in_process",
    "run_on_spark",
]
