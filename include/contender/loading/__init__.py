"""Load the history of a dataset or model with ordinary runs: ingestion, features, the first version and its scores."""

from contender.loading.apply import Failure, LoadStoppedError, load_history
from contender.loading.plan import LoadError, LoadPlan, Step, plan_load

__all__ = ["Failure", "LoadError", "LoadPlan", "LoadStoppedError", "Step", "load_history", "plan_load"]
