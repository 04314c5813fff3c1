"""The orchestrator, from outside: starts Airflow's runs, waits for them, and keeps its roles, over REST alone."""

from contender.orchestrator.airflow import Airflow, ApiError
from contender.orchestrator.roles import AirflowRole, AirflowUser, Permission, Roles
from contender.orchestrator.runs import Run

__all__ = ["Airflow", "AirflowRole", "AirflowUser", "ApiError", "Permission", "Roles", "Run"]
