"""The orchestrator: start Airflow runs, wait for them and manage roles, through Airflow's REST API."""

from contender.orchestrator.airflow import Airflow
from contender.orchestrator.health import find_unhealthy
from contender.orchestrator.resuming import find_tries, start_or_join
from contender.orchestrator.roles import AirflowRole, AirflowUser, Permission, Roles
from contender.orchestrator.runs import Run
from contender.orchestrator.session import ApiError

__all__ = [
    "Airflow",
    "AirflowRole",
    "AirflowUser",
    "ApiError",
    "Permission",
    "Roles",
    "Run",
    "find_tries",
    "find_unhealthy",
    "start_or_join",
]
