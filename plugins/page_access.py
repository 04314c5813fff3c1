"""Access to pages: a page is visible to users who may read its DAG, according to Airflow's auth manager.

Rights that Airflow does not have (to personal data, to the audit) depend on the user's roles and access.yaml.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow.api_fastapi.app import API_ROOT_PATH, get_auth_manager
from airflow.models.dag import DagModel
from fastapi import HTTPException, Request

from contender.specs import dag_id

if TYPE_CHECKING:
    from contender.specs import Action, Catalog, ModelSpec, Verb


def readable_dags(dag_ids: Iterable[str], user: Any) -> set[str]:
    """Return the DAGs that the user may read."""
    wanted = set(dag_ids)
    teams = DagModel.get_dag_id_to_team_name_mapping(sorted(wanted))
    by_team: dict[str | None, set[str]] = defaultdict(set)
    for dag in wanted:
        by_team[teams.get(dag)].add(dag)
    manager = get_auth_manager()
    return {
        dag_id
        for team, ids in by_team.items()
        for dag_id in manager.filter_authorized_dag_ids(dag_ids=ids, user=user, team_name=team)
    }


def readable_models(verb: Verb, catalog: Catalog, user: Any) -> list[ModelSpec]:
    """Return the models whose DAG of this kind the user may read, in the order of the catalog."""
    dags = {name: dag_id(verb, name) for name in catalog.models}
    readable = readable_dags(dags.values(), user)
    return [model for name, model in catalog.models.items() if dags[name] in readable]


def readable_tables(tables: Iterable[str], user: Any) -> set[str]:
    """Return the tables that are filled by a DAG that the user may read."""
    from contender.catalogue import producing_dag

    dags = {table: producing_dag(table) for table in tables}
    readable = readable_dags(dags.values(), user)
    return {table for table, dag in dags.items() if dag in readable}


def require_dag(dag_id: str, user: Any) -> None:
    """Refuse the page, with 403, to a user who may not read the DAG."""
    if dag_id not in readable_dags([dag_id], user):
        raise HTTPException(
            403,
            f"You need the right to read the DAG {dag_id} to see this page. "
            "Ask an administrator of this Airflow for a role.",
        )


def allows(action: Action, user: Any, catalog: Catalog, table: str | None = None) -> bool:
    """Return whether access.yaml allows the action to one of the user's roles: on a table, or on any.

    Airflow administrators are always allowed, since they can give themselves any role. If the file is missing or
    invalid, no one else is.
    """
    from contender.granting import list_holders, tables_of
    from contender.specs import CatalogError, load_access

    roles = _roles(user)
    if "admin" in {name.lower() for name in roles}:
        return True
    try:
        access = load_access(catalog)
    except CatalogError:
        return False
    return any(
        table in tables_of(holder, action, catalog) if table else bool(holder.grants.may.scopes(action))
        for holder in list_holders(access, catalog)
        if holder.name in roles
    )


def login_url(request: Request, error: HTTPException) -> str | None:
    """Return the URL at which a person logs in and comes back; None for programs and for other errors."""
    # Airflow answers an invalid token, of an earlier installation for example, with 403.
    logged_out = error.status_code == 401 or error.detail == "Invalid JWT token"
    if not logged_out or "text/html" not in request.headers.get("Accept", ""):
        return None
    page = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{API_ROOT_PATH}api/v2/auth/login?{urlencode({'next': page})}"


def require_audit(user: Any, catalog: Catalog) -> None:
    """Refuse the audit, with 403, to a user without a role that may read it."""
    if not allows("audit", user, catalog):
        raise HTTPException(403, "You need a role with the right `audit` in access.yaml to see this page.")


def user_name(user: Any) -> str:
    """Return the user name that is recorded with an act."""
    return str(getattr(user, "username", None) or user.get_name())


def _roles(user: Any) -> set[str]:
    """Names of the user's roles: several with FAB, one with the simple auth manager."""
    roles = getattr(user, "roles", None)
    if roles is None:
        return {str(getattr(user, "role", None) or "")}
    return {role.name for role in roles}
