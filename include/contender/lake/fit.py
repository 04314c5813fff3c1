"""Compare the columns of tables and staged files with the contract, and explain how to resolve a mismatch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.table import Table

from contender.errors import PermanentError
from contender.lake import places
from contender.lake.schema import arrow_schema, column_types
from contender.records import StagedFile
from contender.specs import Contract

VERSION = "contender.contract-version"


class LakeError(PermanentError):
    """A table or batch does not fit its contract, or cannot be changed as requested; the message says why."""


def version_of(table: Table) -> int:
    """Return the contract version of a table: the one it was created with or last migrated to."""
    return int(table.properties.get(VERSION, "1"))


def find_mismatch(table: Table, contract: Contract) -> str | None:
    """Return why a batch of this contract must not be published to the table, in one line, or None if it may be."""
    if trouble := find_undeclared(table, contract):
        return trouble
    if version_of(table) < contract.version:
        return (
            f"{contract.table} is at version {version_of(table)}, but its contract is at version "
            f"{contract.version}: run `contender migrate`"
        )
    return None


def find_undeclared(table: Table, contract: Contract) -> str | None:
    """Return the differences that no declared change of the contract explains, in one line, or None."""
    version = version_of(table)
    if version > contract.version:
        return (
            f"{contract.table} is at version {version}, but its contract is at version {contract.version}: "
            "the table was migrated to a newer contract; use that contract"
        )
    actual, declared = column_types(table.schema()), contract.types_at(version)
    if actual == declared:
        return None
    return f"{contract.table} {_difference(actual, declared)}: {_remedy(contract)}"


def find_stale(contract: Contract, files: Iterable[StagedFile]) -> str | None:
    """Return that staged files have other columns than the contract, in one line, or None if all have the same."""
    wanted = arrow_schema(contract)
    if all(_columns_of(file).equals(wanted) for file in files if file.rows):
        return None
    return (
        f"{contract.table}: the batch was staged with another version of its contract: ingest its days again"
    )


def _columns_of(file: StagedFile) -> pa.Schema:
    with places.open_file(file.path) as content:
        return pq.read_schema(content)


def _difference(actual: Mapping[str, object], declared: Mapping[str, object]) -> str:
    parts = [f"lacks the column {name!r}" for name in declared if name not in actual]
    parts += [
        f"has the column {name!r}, which its contract does not declare"
        for name in actual
        if name not in declared
    ]
    parts += [
        f"has {name!r} as {actual[name]}, but its contract declares {declared[name]}"
        for name in declared
        if name in actual and actual[name] != declared[name]
    ]
    return ", ".join(parts)


def _remedy(contract: Contract) -> str:
    if contract.table.startswith("datasets."):
        return "raise `version` and declare the change in `changes`, then run `contender migrate`"
    return "a model's tables cannot be migrated: give the changed model a new name"
