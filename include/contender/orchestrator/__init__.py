"""The orchestrator: start Airflow runs, wait for them and manage roles, through Airflow's REST API."""

from contender.orchestrator.airflow import Airflow, ApiError
from contender.orchestrator.roles import AirflowRole, AirflowUser, Permission, Roles
from contender.orchestrator.runs import Run

__all__ = ["Airflow", "AirflowRole", "AirflowUser", "ApiError", "Permission", "Roles", "Run"]
