"""Features: plan a build on pinned snapshots, run it on an engine, and stage the result."""

from contender.featurizing.plan import Plan, choose_engine, plan_features
from contender.featurizing.run import BuildError, collect, run_in_process

__all__ = ["BuildError", "Plan", "choose_engine", "collect", "plan_features", "run_in_process"]
