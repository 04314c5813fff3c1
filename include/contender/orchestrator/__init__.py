"""The orchestrator, from outside: starts Airflow's runs and waits for them, over its REST API alone."""

from contender.orchestrator.airflow import Airflow, ApiError
from contender.orchestrator.runs import Run

__all__ = ["Airflow", "ApiError", "Run"]
