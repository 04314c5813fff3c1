"""Apply the roles of access.yaml to a running Airflow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from contender.granting.roles import PREFIX
from contender.orchestrator import AirflowRole, Roles

_POLL_SECONDS = 2.0


class GrantError(RuntimeError):
    """The roles or policies of access.yaml cannot be applied; the message says what to do."""


def apply_roles(
    wanted: Sequence[AirflowRole], roles: Roles, notify: Callable[[str], None], wait: float = 0.0
) -> tuple[str, ...]:
    """Create, change and delete Airflow's roles as wanted. Return the changes, one line each.

    Permissions on a DAG exist once Airflow has read that DAG: wait up to `wait` seconds for missing ones. All other
    permissions are granted in any case, and then GrantError names the missing DAGs.
    """
    missing = _wait_for_resources(wanted, roles, notify, wait)
    found = roles.read()
    changed = []
    for role in wanted:
        grantable = role.model_copy(
            update={"permissions": frozenset(p for p in role.permissions if p[1] not in missing)}
        )
        there = found.get(role.name)
        if there is None:
            roles.create(grantable)
            changed.append(f"{role.name} created with {len(grantable.permissions)} permissions")
        elif there.permissions != grantable.permissions:
            roles.replace(grantable)
            added = len(grantable.permissions - there.permissions)
            removed = len(there.permissions - grantable.permissions)
            changed.append(f"{role.name}: {added} permissions added, {removed} removed")
    named = {role.name for role in wanted}
    for name in sorted(found):
        if name.startswith(PREFIX) and name not in named:
            roles.delete(name)
            changed.append(f"{name} removed")
    for line in changed:
        notify(line)
    if missing:
        dags = sorted({resource.partition(":")[2] for resource in missing})
        raise GrantError(
            f"Airflow has not read {', '.join(dags)} yet; all other permissions are granted: apply again when its DAG "
            "processor has read them, or use --wait SECONDS"
        )
    return tuple(changed)


def _wait_for_resources(
    wanted: Sequence[AirflowRole], roles: Roles, notify: Callable[[str], None], wait: float
) -> set[str]:
    needed = {resource for role in wanted for _, resource in role.permissions if ":" in resource}
    deadline = time.monotonic() + wait
    notified = None
    while (missing := needed - roles.resources()) and time.monotonic() < deadline:
        if len(missing) != notified:
            notify(f"Waiting for Airflow to read its DAGs: {len(missing)} resources are missing")
            notified = len(missing)
        time.sleep(_POLL_SECONDS)
    return missing
