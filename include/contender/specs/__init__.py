"""Contracts of datasets and models: frozen records, strict about every field, found in the user's catalog folder."""

from contender.specs.access import (
    ACCESS_FILE,
    ACTIONS,
    Access,
    Action,
    May,
    Role,
    Scope,
    load_access,
    role_name,
)
from contender.specs.approval import Approval
from contender.specs.behaviour import (
    BehaviourError,
    BehaviourTest,
    Direction,
    Invariance,
    Minimum,
    check_behaviours,
    load_behaviour,
)
from contender.specs.catalog import Catalog, load_catalog
from contender.specs.changes import Added, Change, Renamed, Widened
from contender.specs.columns import Column, ColumnType
from contender.specs.contract import Contract
from contender.specs.dag_ids import NIGHTLY, Verb, dag_id, nightly_dag_ids, parse_dag_id
from contender.specs.dataset import DatasetSpec, Delivery
from contender.specs.days import Days, DaysError, resolve_days
from contender.specs.expectations import (
    Between,
    Expectation,
    InSet,
    Matches,
    NotNull,
    OnDay,
    OrderedPair,
    RowCount,
    Severity,
    Unique,
)
from contender.specs.guards import Guards, Slice
from contender.specs.lineage import fed_days, fed_nights, feeding_days
from contender.specs.mistakes import CatalogError, UnknownNameError
from contender.specs.model import LOSSES, Input, LossName, ModelSpec, Monitoring, Race, Recipe
from contender.specs.modules import load_module
from contender.specs.usual import Usual
from contender.specs.words import describe

__all__ = [
    "ACCESS_FILE",
    "ACTIONS",
    "LOSSES",
    "NIGHTLY",
    "Access",
    "Action",
    "Added",
    "Approval",
    "BehaviourError",
    "BehaviourTest",
    "Between",
    "Catalog",
    "CatalogError",
    "Change",
    "Column",
    "ColumnType",
    "Contract",
    "DatasetSpec",
    "Days",
    "DaysError",
    "Delivery",
    "Direction",
    "Expectation",
    "Guards",
    "InSet",
    "Input",
    "Invariance",
    "LossName",
    "Matches",
    "May",
    "Minimum",
    "ModelSpec",
    "Monitoring",
    "NotNull",
    "OnDay",
    "OrderedPair",
    "Race",
    "Recipe",
    "Renamed",
    "Role",
    "RowCount",
    "Scope",
    "Severity",
    "Slice",
    "Unique",
    "UnknownNameError",
    "Usual",
    "Verb",
    "Widened",
    "check_behaviours",
    "dag_id",
    "describe",
    "fed_days",
    "fed_nights",
    "feeding_days",
    "load_access",
    "load_behaviour",
    "load_catalog",
    "load_module",
    "nightly_dag_ids",
    "parse_dag_id",
    "resolve_days",
    "role_name",
]
