"""Who holds a role, and which datasets, models, tables and DAGs its scopes come to."""

from __future__ import annotations

from contender.catalogue import producing_dag
from contender.specs import NIGHTLY, Access, Action, Catalog, Role, Scope, dag_id, role_name
from contender.specs.frozen import Frozen

OPERATIONS = ("housekeeping", "upkeep", "access")
QUARANTINE = dag_id("operations", "quarantine")


class Holder(Frozen):
    """A role as the other systems know it: one of the file's, or one an owner where it is about own models."""

    role: str
    owner: str | None
    about: str
    grants: Role

    @property
    def name(self) -> str:
        """Its name in Airflow."""
        return role_name(self.role, self.owner)


def list_holders(access: Access, catalog: Catalog) -> tuple[Holder, ...]:
    """Every role of the file, in its order; those about own models once for each owner of a model."""
    owners = sorted({model.owner for model in catalog.models.values()})
    return tuple(
        Holder(role=name, owner=owner, about=role.about, grants=role)
        for name, role in access.roles.items()
        for owner in (owners if role.of_owners else [None])
    )


def datasets_of(holder: Holder, action: Action, catalog: Catalog) -> tuple[str, ...]:
    """The datasets that the holder may do it to."""
    return tuple(catalog.datasets) if "datasets" in holder.grants.may.scopes(action) else ()


def models_of(holder: Holder, action: Action, catalog: Catalog) -> tuple[str, ...]:
    """The models that the holder may do it to."""
    scopes: tuple[Scope, ...] = holder.grants.may.scopes(action)
    return tuple(
        name
        for name, model in catalog.models.items()
        if "models" in scopes or ("own_models" in scopes and model.owner == holder.owner)
    )


def tables_of(holder: Holder, action: Action, catalog: Catalog) -> tuple[str, ...]:
    """The tables of the lake that the holder may do it to."""
    datasets, models = datasets_of(holder, action, catalog), models_of(holder, action, catalog)
    return tuple(
        table
        for table in catalog.tables
        if table.partition(".")[2] in (datasets if table.startswith("datasets.") else models)
    )


def dags_of(holder: Holder, action: Action, catalog: Catalog) -> tuple[str, ...]:
    """The DAGs that the holder may do it to: to see, trigger or clear; to approve, roll back or release with."""
    datasets, models = datasets_of(holder, action, catalog), models_of(holder, action, catalog)
    match action:
        case "approve":
            return tuple(dag_id("retrain", model) for model in models)
        case "roll_back":
            return tuple(dag_id("rollback", model) for model in models)
        case "release":
            return (QUARANTINE,) if datasets else ()
    dags = [producing_dag(f"datasets.{name}") for name in datasets]
    dags += [dag_id(verb, name) for name in models for verb in NIGHTLY]
    if action == "see":
        dags += [dag_id("rollback", name) for name in models]
        dags += [QUARANTINE] if datasets else []
    if "operations" in holder.grants.may.scopes(action):
        dags += [dag_id("operations", name) for name in OPERATIONS]
    return tuple(dags)
