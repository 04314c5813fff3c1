"""Brings the roles of access.yaml into a running Airflow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from contender.granting.roles import PREFIX
from contender.orchestrator import AirflowRole, Roles

_POLL_SECONDS = 2.0


class GrantError(RuntimeError):
    """Airflow's roles could not be brought to what the file says; the message says what to do."""


def apply_roles(
    wanted: Sequence[AirflowRole], roles: Roles, tell: Callable[[str], None], wait: float = 0.0
) -> tuple[str, ...]:
    """Make Airflow's roles what is wanted. Returns what was changed, a line each; nothing when all was so before.

    Permissions on a DAG exist in Airflow once it has read that DAG: those missing are waited for up to `wait`
    seconds. What can be granted is granted all the same, and then GrantError names the DAGs that are not there.
    """
    missing = _await(wanted, roles, tell, wait)
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
            given = len(grantable.permissions - there.permissions)
            taken = len(there.permissions - grantable.permissions)
            changed.append(f"{role.name}: {given} permissions given, {taken} taken away")
    named = {role.name for role in wanted}
    for name in sorted(found):
        if name.startswith(PREFIX) and name not in named:
            roles.delete(name)
            changed.append(f"{name} removed")
    for line in changed:
        tell(line)
    if missing:
        dags = sorted({resource.partition(":")[2] for resource in missing})
        raise GrantError(
            f"Airflow does not know {', '.join(dags)} yet: all else is granted; apply again once its DAG processor "
            "has read them (or wait for it, with --wait SECONDS)"
        )
    return tuple(changed)


def _await(wanted: Sequence[AirflowRole], roles: Roles, tell: Callable[[str], None], wait: float) -> set[str]:
    needed = {resource for role in wanted for _, resource in role.permissions if ":" in resource}
    deadline = time.monotonic() + wait
    told = None
    while (missing := needed - roles.resources()) and time.monotonic() < deadline:
        if len(missing) != told:
            tell(f"Waiting for Airflow to read its DAGs: {len(missing)} resources are missing")
            told = len(missing)
        time.sleep(_POLL_SECONDS)
    return missing
