"""Contracts of datasets and models: frozen, strictly validated records, loaded from the user's catalog folder."""

from contender.specs.access import (
    ACCESS_FILE,
    ACTIONS,
    Access,
    Action,
    ApiKey,
    May,
    Role,
    Scope,
    find_wrong_keys,
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
    find_score,
    load_behaviour,
)
from contender.specs.cadence import Cadence, WhenNeeded
from contender.specs.catalog import Catalog, list_model_files, load_catalog
from contender.specs.changes import Added, Change, Renamed, Widened
from contender.specs.closed import WEEKDAYS, ClosedDays, Weekday, find_holidays, list_calendars
from contender.specs.columns import Column, ColumnType
from contender.specs.contract import Contract
from contender.specs.dag_ids import FEASIBILITY, NIGHTLY, Verb, dag_id, nightly_dag_ids, parse_dag_id
from contender.specs.dataset import DatasetSpec
from contender.specs.days import Days, DaysError, describe_days, group_days, parse_day, resolve_days
from contender.specs.delivery import Delivery, Query
from contender.specs.descriptions import describe
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
from contender.specs.expected import Expected, expected_at, expected_days, scores_due
from contender.specs.formats import COMPRESSIONS, Csv, Format, JsonLines, Parquet
from contender.specs.guards import Guards, Slice
from contender.specs.inputs import Input
from contender.specs.kinds import KINDS, KindName, LossName, describe_scores, name_quantile
from contender.specs.lineage import affected_days, affected_nights, source_days, waiting_readers
from contender.specs.locating import locate_expectations
from contender.specs.mistakes import CatalogError, UnknownNameError
from contender.specs.model import ModelSpec
from contender.specs.modules import load_module
from contender.specs.monitoring import Monitoring
from contender.specs.priority import read_deadlines, task_priority
from contender.specs.race import Race
from contender.specs.recipe import BASELINE, Recipe
from contender.specs.recovery import Recovery
from contender.specs.serving import Serving
from contender.specs.usual import Usual
from contender.specs.value import Value

__all__ = [
    "ACCESS_FILE",
    "ACTIONS",
    "BASELINE",
    "COMPRESSIONS",
    "FEASIBILITY",
    "KINDS",
    "NIGHTLY",
    "WEEKDAYS",
    "Access",
    "Action",
    "Added",
    "ApiKey",
    "Approval",
    "BehaviourError",
    "BehaviourTest",
    "Between",
    "Cadence",
    "Catalog",
    "CatalogError",
    "Change",
    "ClosedDays",
    "Column",
    "ColumnType",
    "Contract",
    "Csv",
    "DatasetSpec",
    "Days",
    "DaysError",
    "Delivery",
    "Direction",
    "Expectation",
    "Expected",
    "Format",
    "Guards",
    "InSet",
    "Input",
    "Invariance",
    "JsonLines",
    "KindName",
    "LossName",
    "Matches",
    "May",
    "Minimum",
    "ModelSpec",
    "Monitoring",
    "NotNull",
    "OnDay",
    "OrderedPair",
    "Parquet",
    "Query",
    "Race",
    "Recipe",
    "Recovery",
    "Renamed",
    "Role",
    "RowCount",
    "Scope",
    "Serving",
    "Severity",
    "Slice",
    "Unique",
    "UnknownNameError",
    "Usual",
    "Value",
    "Verb",
    "Weekday",
    "WhenNeeded",
    "Widened",
    "affected_days",
    "affected_nights",
    "check_behaviours",
    "dag_id",
    "describe",
    "describe_days",
    "describe_scores",
    "expected_at",
    "expected_days",
    "find_holidays",
    "find_score",
    "find_wrong_keys",
    "group_days",
    "list_calendars",
    "list_model_files",
    "load_access",
    "load_behaviour",
    "load_catalog",
    "load_module",
    "locate_expectations",
    "name_quantile",
    "nightly_dag_ids",
    "parse_dag_id",
    "parse_day",
    "read_deadlines",
    "resolve_days",
    "role_name",
    "scores_due",
    "source_days",
    "task_priority",
    "waiting_readers",
]
