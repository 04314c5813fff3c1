"""An auth manager that grants its reader single DAGs, as roles with per-DAG rights do in production."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

READABLE = {"ingest__weather", "features__flight_delay"}


class PerDagAccess(SimpleAuthManager):
    """The user `reader` may read a few DAGs; everybody else is what Airflow's simple manager says."""

    def is_authorized_dag(
        self, *, method: Any, user: Any, access_entity: Any = None, details: Any = None
    ) -> bool:
        if user.username == "reader":
            return method == "GET" and details is not None and details.id in READABLE
        allowed: bool = super().is_authorized_dag(
            method=method, user=user, access_entity=access_entity, details=details
        )
        return allowed
