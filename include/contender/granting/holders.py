"""Resolve the roles of access.yaml to owners, and their scopes to datasets, models, tables and DAGs."""

from __future__ import annotations

from contender.catalogue import producing_dag
from contender.specs import FEASIBILITY, NIGHTLY, Access, Action, Catalog, Role, Scope, dag_id, role_name
from contender.specs.frozen import Frozen

OPERATIONS = ("housekeeping", "incidents", "upkeep", "engines", "access", "backup", "requests")
QUARANTINE = dag_id("operations", "quarantine")


class Holder(Frozen):
    """A role in the other systems: a role of the file, or one per model owner if it has the scope `own_models`."""

    role: str
    owner: str | None
    about: str
    grants: Role

    @property
    def name(self) -> str:
        """The role's name in Airflow."""
        return role_name(self.role, self.owner)


def list_holders(access: Access, catalog: Catalog) -> tuple[Holder, ...]:
    """Return all roles in the file's order; those with the scope `own_models` once per model owner."""
    owners = sorted({model.owner for model in catalog.models.values()})
    return tuple(
        Holder(role=name, owner=owner, about=role.about, grants=role)
        for name, role in access.roles.items()
        for owner in (owners if role.of_owners else [None])
    )


def datasets_of(holder: Holder, action: Action, catalog: Catalog) -> tuple[str, ...]:
    """Return the datasets on which the role may perform the action."""
    return tuple(catalog.datasets) if "datasets" in holder.grants.may.scopes(action) else ()


def models_of(holder: Holder, action: Action, catalog: Catalog) -> tuple[str, ...]:
    """Return the models on which the role may perform the action."""
    scopes: tuple[Scope, ...] = holder.grants.may.scopes(action)
    return tuple(
        name
        for name, model in catalog.models.items()
        if "models" in scopes or ("own_models" in scopes and model.owner == holder.owner)
    )


def tables_of(holder: Holder, action: Action, catalog: Catalog) -> tuple[str, ...]:
    """Return the tables on which the role may perform the action."""
    datasets, models = datasets_of(holder, action, catalog), models_of(holder, action, catalog)
    return tuple(
        table
        for table in catalog.tables
        if table.partition(".")[2] in (datasets if table.startswith("datasets.") else models)
    )


def dags_of(holder: Holder, action: Action, catalog: Catalog) -> tuple[str, ...]:
    """Return the DAGs on which, or with which, the role may perform the action."""
    datasets, models = datasets_of(holder, action, catalog), models_of(holder, action, catalog)
    match action:
        case "approve":
            return tuple(dag_id("retrain", model) for model in models)
        case "roll_back":
            return tuple(dag_id("rollback", model) for model in models)
        case "release":
            return (QUARANTINE,) if datasets else ()
    dags = [producing_dag(f"datasets.{name}") for name in datasets]
    dags += [dag_id(verb, name) for name in models for verb in (*NIGHTLY, FEASIBILITY)]
    if action == "see":
        dags += [dag_id("rollback", name) for name in models]
        dags += [QUARANTINE] if datasets else []
    if "operations" in holder.grants.may.scopes(action):
        dags += [dag_id("operations", name) for name in OPERATIONS]
    return tuple(dags)
