"""Airflow's roles and users, through the REST API of its FAB auth manager."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from contender.orchestrator.airflow import Airflow
from contender.specs.frozen import Frozen

Permission = tuple[str, str]  # action and resource

_API = "/auth/fab/v1"


class AirflowRole(Frozen):
    """A role and its permissions."""

    name: str
    permissions: frozenset[Permission]


class AirflowUser(Frozen):
    """A user and the names of their roles."""

    name: str
    roles: tuple[str, ...]


class Roles:
    """The roles of one Airflow. Raises ApiError if Airflow rejects a request or its auth manager has no roles."""

    def __init__(self, airflow: Airflow) -> None:
        self._airflow = airflow

    def read(self) -> dict[str, AirflowRole]:
        """Return all roles by name."""
        return {
            entry["name"]: AirflowRole(
                name=entry["name"], permissions=frozenset(_pair(given) for given in entry["actions"])
            )
            for entry in self._airflow.pages(f"{_API}/roles", "roles")
        }

    def users(self) -> list[AirflowUser]:
        """Return all users."""
        return [
            AirflowUser(
                name=entry["username"], roles=tuple(role["name"] for role in entry.get("roles") or ())
            )
            for entry in self._airflow.pages(f"{_API}/users", "users", order_by="username")
        ]

    def resources(self) -> set[str]:
        """Return the resources of permissions; they include the DAGs that Airflow has parsed."""
        return {_pair(entry)[1] for entry in self._airflow.pages(f"{_API}/permissions", "actions")}

    def create(self, role: AirflowRole) -> None:
        """Create a role."""
        self._airflow.call("POST", f"{_API}/roles", json=_body(role))

    def replace(self, role: AirflowRole) -> None:
        """Replace the permissions of a role."""
        path = f"{_API}/roles/{quote(role.name, safe='')}"
        self._airflow.call("PATCH", path, params={"update_mask": "actions"}, json=_body(role))

    def delete(self, name: str) -> None:
        """Delete a role, also from the users who have it."""
        self._airflow.call("DELETE", f"{_API}/roles/{quote(name, safe='')}")


def _pair(entry: dict[str, Any]) -> Permission:
    return (entry["action"]["name"], entry["resource"]["name"])


def _body(role: AirflowRole) -> dict[str, Any]:
    granted = [{"action": {"name": a}, "resource": {"name": r}} for a, r in sorted(role.permissions)]
    return {"name": role.name, "actions": granted}
