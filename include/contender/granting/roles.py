"""What a role of access.yaml comes to in Airflow: permissions, as pairs of an action and a resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contender.granting.holders import Holder, dags_of, list_holders
from contender.orchestrator import Airflow, AirflowRole, AirflowUser, Permission, Roles
from contender.specs import ACTIONS, Access, Catalog
from contender.specs.frozen import Frozen

PREFIX = "contender."
ADMIN = "Admin"
CHECKER = "contender.access_check"
# Airflow's own roles that reach every DAG, whatever access.yaml says.
OWN_ROLES = ("Admin", "Op", "User", "Viewer")

_EVERYBODY = {
    ("can_read", "Website"),
    ("can_read", "Plugins"),  # or the menu would not lead to Contender's pages
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
}
# Logs, XComs and sources may name what is in the data: they are for those who work on a DAG.
_AT_WORK = {
    ("can_read", "Task Logs"),
    ("can_read", "XComs"),
    ("can_read", "DAG Code"),
    ("can_read", "ImportError"),
    ("can_read", "DAG Warnings"),
}
_CLEARING = {("can_edit", "DAG Runs"), ("can_edit", "Task Instances")}
_APPROVING = {("can_read", "HITL Detail"), ("can_edit", "HITL Detail"), ("menu_access", "HITL Detail")}
_CONNECTIONS = {
    *(("can_" + verb, "Connections") for verb in ("create", "read", "edit", "delete")),
    ("menu_access", "Connections"),
    ("menu_access", "Admin"),
}
_AUDITING = {("can_read", "Audit Logs"), ("menu_access", "Audit Logs")}

_CHECKING = {("can_read", "Website"), ("can_read", "Roles"), ("can_read", "Users")}


class Difference(Frozen):
    """A way in which Airflow is not as access.yaml says, in words, with its way out."""

    told: str
    mendable: bool = True  # by `contender access apply`


def wanted_roles(access: Access, catalog: Catalog) -> tuple[AirflowRole, ...]:
    """The roles that Airflow is to have, with every permission of each; that of the nightly check among them."""
    checker = AirflowRole(name=CHECKER, permissions=frozenset(_CHECKING))
    return (*(_role(holder, catalog) for holder in list_holders(access, catalog)), checker)


def find_differences(
    access: Access,
    wanted: Sequence[AirflowRole],
    found: Mapping[str, AirflowRole],
    users: Sequence[AirflowUser],
) -> tuple[Difference, ...]:
    """How Airflow's roles and their holders differ from what is wanted."""
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
        (started or may.clear, _AT_WORK),
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
            f"{role.name} has {_pair(p)} beyond it" for p in sorted(there.permissions - role.permissions)
        ]
    named = {role.name for role in wanted}
    lines += [
        f"the role {name} is not in the file any more"
        for name in sorted(found)
        if name.startswith(PREFIX) and name not in named
    ]
    return tuple(Difference(told=f"{line}: `contender access apply` mends it") for line in lines)


def _users_differ(access: Access, users: Sequence[AirflowUser]) -> tuple[Difference, ...]:
    lines = []
    for user in users:
        for role in sorted(set(user.roles) & set(OWN_ROLES)):
            if role == ADMIN and user.name in access.administrators:
                continue
            told = "may do everything" if role == ADMIN else "reads every DAG, at least"
            lines.append(
                f"{user.name} holds Airflow's own role {role}, which {told}: take it away"
                + (", or name them under `administrators`" if role == ADMIN else "")
            )
        ours = [role for role in user.roles if role.startswith(PREFIX)]
        if len(ours) > 1:
            lines.append(
                f"{user.name} holds {' and '.join(sorted(ours))}: Airflow adds up what each may clear or approve with "
                "what each may change: give them one role"
            )
    return tuple(Difference(told=line, mendable=False) for line in lines)


def _public_differs(found: Mapping[str, AirflowRole]) -> tuple[Difference, ...]:
    public = found.get("Public")
    if public is None or not public.permissions:
        return ()
    many = len(public.permissions)
    told = f"the role Public, which nobody needs to log in for, has {many} permissions: take them away"
    return (Difference(told=told, mendable=False),)


def _pair(permission: Permission) -> str:
    action, resource = permission
    return f"{action} on {resource}"
