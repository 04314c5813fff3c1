"""Contracts of datasets and models: frozen records, strict about every field, found in the user's catalog folder."""

from contender.specs.catalog import Catalog, CatalogError, load_catalog
from contender.specs.columns import Column, ColumnType
from contender.specs.contract import (
    Between,
    Contract,
    Expectation,
    InSet,
    Matches,
    NotNull,
    OrderedPair,
    RowCount,
    Severity,
    Unique,
)
from contender.specs.dataset import DatasetSpec, Delivery
from contender.specs.days import Days, DaysError, resolve_days
from contender.specs.model import Guards, Input, ModelSpec, Monitoring, Recipe
from contender.specs.words import describe

__all__ = [
    "Between",
    "Catalog",
    "CatalogError",
    "Column",
    "ColumnType",
    "Contract",
    "DatasetSpec",
    "Days",
    "DaysError",
    "Delivery",
    "Expectation",
    "Guards",
    "InSet",
    "Input",
    "Matches",
    "ModelSpec",
    "Monitoring",
    "NotNull",
    "OrderedPair",
    "Recipe",
    "RowCount",
    "Severity",
    "Unique",
    "describe",
    "load_catalog",
    "resolve_days",
]
