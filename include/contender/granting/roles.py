"""Generate Airflow permissions from the roles of access.yaml, and find differences to a running Airflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contender.granting.holders import Holder, dags_of, list_holders
from contender.orchestrator import Airflow, AirflowRole, AirflowUser, Permission, Roles
from contender.specs import ACTIONS, Access, Catalog
from contender.specs.frozen import Frozen

PREFIX = "contender."
ADMIN = "Admin"
CHECKER = "contender.access_check"
# Airflow's built-in roles with access to every DAG, regardless of access.yaml.
OWN_ROLES = ("Admin", "Op", "User", "Viewer")

_EVERYBODY = {
    ("can_read", "Website"),
    ("can_read", "Plugins"),  # shows Contender's pages in the menu
    ("can_read", "My Profile"),
    ("can_read", "My Password"),
    ("can_edit", "My Password"),
    ("menu_access", "Browse"),
    ("menu_access", "DAGs"),
}
_RUNS = {
    ("can_read", "DAG Runs"),
    ("can_read", "Task Instances"),
    ("can_read", "DAG Versions"),
    ("menu_access", "DAG Runs"),
    ("menu_access", "Task Instances"),
    # Airflow's DAG list, graph and schedule need these, too; each leaves out DAGs that the user may not read.
    ("can_read", "HITL Detail"),
    ("can_read", "DAG Dependencies"),
    ("can_read", "Assets"),
}
# Airflow's list of assets names all assets and their DAGs: only for roles that may see them all.
_ALL_ASSETS = {("can_read", "Asset Aliases"), ("menu_access", "Assets")}
_ALL_TABLES = {"datasets", "models"}
# Logs, XComs and sources may contain data, so they are for roles that operate a DAG.
_OPERATING = {
    ("can_read", "Task Logs"),
    ("can_read", "XComs"),
    ("can_read", "DAG Code"),
    ("can_read", "ImportError"),
    ("can_read", "DAG Warnings"),
}
_CLEARING = {("can_edit", "DAG Runs"), ("can_edit", "Task Instances")}
_APPROVING = {("can_edit", "HITL Detail"), ("menu_access", "HITL Detail")}
_CONNECTIONS = {
    *(("can_" + verb, "Connections") for verb in ("create", "read", "edit", "delete")),
    ("menu_access", "Connections"),
    ("menu_access", "Admin"),
}
_AUDITING = {("can_read", "Audit Logs"), ("menu_access", "Audit Logs")}

_CHECKING = {("can_read", "Website"), ("can_read", "Roles"), ("can_read", "Users")}


class Difference(Frozen):
    """A difference between Airflow and access.yaml: a message with the fix."""

    message: str
    fixable: bool = True  # by `contender access apply`


def wanted_roles(access: Access, catalog: Catalog) -> tuple[AirflowRole, ...]:
    """Return the roles that Airflow must have, with their permissions, including the role of the nightly check."""
    checker = AirflowRole(name=CHECKER, permissions=frozenset(_CHECKING))
    return (*(_role(holder, catalog) for holder in list_holders(access, catalog)), checker)


def find_differences(
    access: Access,
    wanted: Sequence[AirflowRole],
    found: Mapping[str, AirflowRole],
    users: Sequence[AirflowUser],
) -> tuple[Difference, ...]:
    """Return the differences of Airflow's roles and users to the wanted ones."""
    return (*_roles_differ(wanted, found), *_users_differ(access, users), *_public_differs(found))


def compare_roles(access: Access, catalog: Catalog, airflow: Airflow) -> tuple[Difference, ...]:
    """Read Airflow's roles and who holds them, and return how they differ from access.yaml. Raises ApiError."""
    roles = Roles(airflow)
    return find_differences(access, wanted_roles(access, catalog), roles.read(), roles.users())


def _role(holder: Holder, catalog: Catalog) -> AirflowRole:
    on = {action: dags_of(holder, action, catalog) for action in ACTIONS}
    may = holder.grants.may
    granted: set[Permission] = set(_EVERYBODY)
    granted |= {("can_read", f"DAG:{dag}") for dag in on["see"]}
    started = {*on["trigger"], *on["roll_back"], *on["release"]}
    granted |= {("can_create", f"DAG Run:{dag}") for dag in started}
    granted |= {("can_edit", f"DAG:{dag}") for dag in {*started, *on["clear"], *on["approve"]}}
    for given, permissions in (
        (may.see, _RUNS),
        (set(may.see) >= _ALL_TABLES, _ALL_ASSETS),
        (started or may.clear, _OPERATING),
        (may.clear, _CLEARING),
        (may.approve, _APPROVING),
        (may.edit_connections, _CONNECTIONS),
        (may.audit, _AUDITING),
    ):
        if given:
            granted |= permissions
    return AirflowRole(name=holder.name, permissions=frozenset(granted))


def _roles_differ(wanted: Sequence[AirflowRole], found: Mapping[str, AirflowRole]) -> tuple[Difference, ...]:
    lines = []
    for role in wanted:
        there = found.get(role.name)
        if there is None:
            lines.append(f"the role {role.name} does not exist")
            continue
        lines += [f"{role.name} lacks {_pair(p)}" for p in sorted(role.permissions - there.permissions)]
        lines += [
            f"{role.name} has {_pair(p)} in addition" for p in sorted(there.permissions - role.permissions)
        ]
    named = {role.name for role in wanted}
    lines += [
        f"the role {name} is no longer in the file"
        for name in sorted(found)
        if name.startswith(PREFIX) and name not in named
    ]
    return tuple(Difference(message=f"{line}: run `contender access apply`") for line in lines)


def _users_differ(access: Access, users: Sequence[AirflowUser]) -> tuple[Difference, ...]:
    lines = []
    for user in users:
        for role in sorted(set(user.roles) & set(OWN_ROLES)):
            if role == ADMIN and user.name in access.administrators:
                continue
            rights = "may do everything" if role == ADMIN else "can read every DAG"
            lines.append(
                f"{user.name} has Airflow's built-in role {role}, which {rights}: remove it"
                + (", or add the user to `administrators`" if role == ADMIN else "")
            )
        ours = [role for role in user.roles if role.startswith(PREFIX)]
        if len(ours) > 1:
            lines.append(
                f"{user.name} has {' and '.join(sorted(ours))}: Airflow combines the rights of several roles, so that "
                "the user may clear or approve more than each role allows: assign only one role"
            )
    return tuple(Difference(message=line, fixable=False) for line in lines)


def _public_differs(found: Mapping[str, AirflowRole]) -> tuple[Difference, ...]:
    public = found.get("Public")
    if public is None or not public.permissions:
        return ()
    many = len(public.permissions)
    message = f"the role Public, which needs no login, has {many} permissions: remove them"
    return (Difference(message=message, fixable=False),)


def _pair(permission: Permission) -> str:
    action, resource = permission
    return f"{action} on {resource}"
