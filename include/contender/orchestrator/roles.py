"""Airflow's roles and who holds them, by the REST API of its FAB auth manager."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from contender.orchestrator.airflow import Airflow
from contender.specs.frozen import Frozen

Permission = tuple[str, str]  # action and resource

_API = "/auth/fab/v1"
_PAGE = 100


class AirflowRole(Frozen):
    """A role and everything that it permits."""

    name: str
    permissions: frozenset[Permission]


class AirflowUser(Frozen):
    """A user and their roles, by name."""

    name: str
    roles: tuple[str, ...]


class Roles:
    """The roles of one Airflow. Raises ApiError where Airflow refuses, and where it has no roles at all."""

    def __init__(self, airflow: Airflow) -> None:
        self._airflow = airflow

    def read(self) -> dict[str, AirflowRole]:
        """Every role, by name."""
        return {
            entry["name"]: AirflowRole(
                name=entry["name"], permissions=frozenset(_pair(given) for given in entry["actions"])
            )
            for entry in self._pages("roles", "roles")
        }

    def users(self) -> list[AirflowUser]:
        """Every user."""
        return [
            AirflowUser(
                name=entry["username"], roles=tuple(role["name"] for role in entry.get("roles") or ())
            )
            for entry in self._pages("users", "users", order_by="username")
        ]

    def resources(self) -> set[str]:
        """What permissions can be about; a DAG is among them once Airflow has read it."""
        return {_pair(entry)[1] for entry in self._pages("permissions", "actions")}

    def create(self, role: AirflowRole) -> None:
        """Make the role."""
        self._airflow.call("POST", f"{_API}/roles", json=_body(role))

    def replace(self, role: AirflowRole) -> None:
        """Give the role these permissions, and no others."""
        path = f"{_API}/roles/{quote(role.name, safe='')}"
        self._airflow.call("PATCH", path, params={"update_mask": "actions"}, json=_body(role))

    def delete(self, name: str) -> None:
        """Remove the role; whoever held it holds it no more."""
        self._airflow.call("DELETE", f"{_API}/roles/{quote(name, safe='')}")

    def _pages(self, path: str, key: str, **params: Any) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        while True:
            asked = {**params, "limit": _PAGE, "offset": len(entries)}
            page = self._airflow.call("GET", f"{_API}/{path}", params=asked)
            entries += page[key]
            if not page[key] or len(entries) >= page["total_entries"]:
                return entries


def _pair(entry: dict[str, Any]) -> Permission:
    return (entry["action"]["name"], entry["resource"]["name"])


def _body(role: AirflowRole) -> dict[str, Any]:
    granted = [{"action": {"name": a}, "resource": {"name": r}} for a, r in sorted(role.permissions)]
    return {"name": role.name, "actions": granted}
