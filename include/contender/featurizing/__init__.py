"""Features: plans a build over pinned snapshots, lets an engine run it, and stages what came of it."""

from contender.featurizing.plan import Plan, choose_engine, plan_features
from contender.featurizing.run import BuildError, collect, run_in_process

__all__ = ["BuildError", "Plan", "choose_engine", "collect", "plan_features", "run_in_process"]
